//! What the subscriber of the `tracing` crate hears. Alone in its process, since `tracing` asks
//! once for each place that logs whether anybody listens.

use std::io;
use std::sync::{Arc, Mutex};

use bindings::tokio::{Server, ServerConfig, serve};
use peer::{Frame, Peer, session, until};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }

    /// The lines without their time.
    fn lines(&self) -> Vec<String> {
        self.text().lines().map(|line| line.trim_start().to_owned()).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn life_of_a_session_and_refusals_are_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .without_time()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::new(ServerConfig::default());
    let (address, _serving) = serve(&server).await;
    let accepting = server.clone();
    tokio::spawn(async move {
        let mut socket = accepting.accept().await.expect("a client");
        assert_eq!(socket.recv().await, None);
    });
    let (mut peer, target) = session(address).await;
    let mut websocket = Peer::connect(address).await;
    websocket.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    websocket.say("2probe").await;
    assert_eq!(websocket.frame().await, Frame::text("3probe"));
    websocket.say("5").await;
    websocket.say("1").await;
    until(|| server.is_empty()).await;
    for _ in 0..2 {
        peer.get("/engine.io/?EIO=4&transport=polling&sid=nobody").await.expect(400);
    }
    println!("{}", log.text());
    let lines = log.lines();
    let ours: Vec<_> = lines.iter().filter(|line| line.contains("engineio: ")).collect();
    for (line, parts) in ours.iter().zip([
        ["DEBUG", "session opened", "revision=4", "transport=polling"],
        ["DEBUG", "session upgraded", "sid=", "transport=websocket"],
        ["DEBUG", "session closed", "sid=", "reason="],
        [
            "WARN",
            "request refused: no session has this `sid`",
            "code=1",
            "cause=\"unknown_session\"",
        ],
        ["DEBUG", "method=\"GET\"", "path=\"/engine.io\"", "remote=127.0.0.1"],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "not {parts:?}: {line}");
    }
    assert_eq!(ours.len(), 5, "{lines:#?}");
    let (_, sid) = target.split_once("&sid=").expect("a sid");
    assert!(!log.text().contains(sid), "anyone who knows a whole sid can act for the session");
}
