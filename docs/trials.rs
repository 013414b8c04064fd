//! What the hidden lines of blocks call: each tries a server or a client that a block made, and panics
//! if it doesn't do what the chapter says.
#![expect(clippy::missing_panics_doc, reason = "all of them do, as tests do")]

use std::error::Error;
use std::future::{IntoFuture, Pending, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use axum::Router;
use engineio_hub::{Hub, WeakHub};
use engineio_proto::Instant;
use engineio_tokio::http::Uri;
use engineio_tokio::{ConfigError, Data, NodeTag, Server, ServerConfig, Socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";

/// The whole answer to a GET, head and body, on a connection of its own.
///
/// # Errors
///
/// When the connection can't be made or breaks.
pub async fn get(address: SocketAddr, target: &str) -> io::Result<String> {
    ask(address, &format!("GET {target}"), "").await
}

/// The whole answer to a POST, head and body, on a connection of its own.
///
/// # Errors
///
/// When the connection can't be made or breaks.
pub async fn post(address: SocketAddr, target: &str, body: &str) -> io::Result<String> {
    ask(address, &format!("POST {target}"), body).await
}

async fn ask(address: SocketAddr, line: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The session that an answer to a handshake opens.
pub fn sid(answer: &str) -> Option<&str> {
    Some(answer.split_once(r#""sid":""#)?.1.split_once('"')?.0)
}

/// The URL of a server that sends everything back, and closes a session after its first message.
pub fn echo() -> String {
    let server = engineio_sync::Server::bind("127.0.0.1:0", ServerConfig::default());
    let server = server.expect("a free port");
    let url = format!("http://{}", server.local_addr());
    thread::spawn(move || {
        while let Some(mut socket) = server.accept() {
            if let Some(message) = socket.recv() {
                let _ = socket.send(message);
            }
        }
    });
    url
}

/// Serves the application, and opens a session at this path.
pub fn serves_app(server: &Server, app: Router, path: &str) {
    serves(server, path, |listener| axum::serve(listener, app));
}

/// Serves by `serve`, and opens a session at this path.
pub fn serves<F: IntoFuture>(server: &Server, path: &str, serve: impl FnOnce(TcpListener) -> F) {
    run(serve, async |address| {
        let target = format!("{path}?EIO=4&transport=polling");
        let (open, _socket) = tokio::join!(get(address, &target), server.accept());
        let open = open.expect("an answer");
        assert!(sid(&open).is_some(), "{open}");
    });
}

/// Serves by `serve`, and looks whether the server knows the client's address.
pub fn told_address<F: IntoFuture>(server: &Server, serve: impl FnOnce(TcpListener) -> F) {
    run(serve, async |address| {
        let incoming = tokio::select! {
            incoming = server.incoming() => incoming,
            answer = get(address, POLLING) => panic!("nobody accepted, but {answer:?}"),
        };
        let incoming = incoming.expect("the server is open");
        assert_eq!(incoming.remote_ip(), Some(address.ip()));
    });
}

/// Opens a session, and has a request refused. The session lasts as long as the socket.
pub fn tell_of(server: &Server) -> Socket {
    let serve = |listener| server.serve(listener);
    run(serve, async |address| {
        let (open, socket) = tokio::join!(get(address, POLLING), server.accept());
        open.expect("an answer");
        get(address, &POLLING.replace("EIO=4", "EIO=5")).await.expect("an answer");
        socket.expect("a session")
    })
}

/// Tries an application in which users say their name in the query of the handshake: one without a
/// name is refused, one with a name gets in. Then the server closes, and so does the application.
pub fn try_login<D: Data, F: Future<Output = ()>>(application: impl FnOnce(Server<D>) -> F) {
    let server: Server<D> = Server::builder(ServerConfig::default()).build();
    let application = application(server.clone());
    run(
        |listener| server.serve(listener),
        async |address| {
            let users = async {
                let refused = get(address, POLLING).await.expect("an answer");
                assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
                assert!(refused.ends_with(r#"{"code":4,"message":"who are you?"}"#), "{refused}");
                let open = get(address, &format!("{POLLING}&name=Ada")).await.expect("an answer");
                assert!(sid(&open).is_some(), "{open}");
                server.close(Duration::ZERO).await;
            };
            tokio::join!(users, application);
        },
    );
}

/// Tries a chat in which guests say their name in the query of the handshake: one without a name is
/// refused, one with a name is welcomed, and hears what it says.
pub fn try_chat<D: Data, F: Future<Output = ()>>(chat: impl FnOnce(Server<D>) -> F) {
    let server: Server<D> = Server::builder(ServerConfig::default()).build();
    run(
        |listener| server.serve(listener),
        async |address| {
            let guests = async {
                let refused = get(address, POLLING).await?;
                assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
                assert!(refused.ends_with(r#"{"code":4,"message":"who are you?"}"#), "{refused}");
                let mut heard = get(address, &format!("{POLLING}&name=Ada")).await?;
                let target = format!("{POLLING}&sid={}", sid(&heard).expect("a session"));
                // The welcome comes with the handshake, or with the next poll.
                if !heard.contains("4welcome, Ada") {
                    heard = get(address, &target).await?;
                }
                assert!(heard.contains("4welcome, Ada"), "{heard}");
                assert!(post(address, &target, "4hello").await?.ends_with("ok"));
                assert!(get(address, &target).await?.ends_with("4Ada: hello"));
                Ok::<_, io::Error>(())
            };
            tokio::select! {
                tried = guests => tried.expect("answers"),
                () = chat(server.clone()) => panic!("the chat is over"),
            }
        },
    );
}

/// Tries a client that sends one message, and reads to the end of the session.
pub fn try_client(talk: impl AsyncFnOnce(&str) -> Result<(), Box<dyn Error>>) {
    block_on(talk(&echo())).expect("an echo");
}

/// Tries a client that comes back, and subscribes in each session: the first is closed, then there is
/// another, and then the server refuses it for good.
pub fn try_coming_back(listen: impl AsyncFnOnce(&str)) {
    let server = Server::new(ServerConfig::default());
    run(
        |listener| server.serve(listener),
        async |address| {
            let serving = async {
                for _ in 0..2 {
                    let mut socket = server.accept().await.expect("a session");
                    assert_eq!(socket.recv().await, Some("subscribe".into()));
                }
                let incoming = server.incoming().await.expect("a handshake");
                incoming.refuse(401, "no more");
            };
            let url = format!("http://{address}");
            tokio::join!(listen(&url), serving);
        },
    );
}

/// Tries two nodes, of which each knows both: a message is polled through the other one.
pub fn try_nodes(server: impl Fn(NodeTag, &[(NodeTag, Uri)]) -> Result<Server, ConfigError>) {
    let bind = || std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listeners = [bind(), bind()];
    let addresses = listeners.each_ref().map(|it| it.local_addr().expect("an address"));
    let node = |(tag, at): (&str, SocketAddr)| {
        (tag.parse().expect("a tag"), format!("http://{at}").parse().expect("a URL"))
    };
    let nodes: Vec<(NodeTag, Uri)> = ["a", "b"].into_iter().zip(addresses).map(node).collect();
    block_on(async {
        let [here, there] = addresses;
        let mut servers = Vec::new();
        for ((tag, _), listener) in nodes.iter().zip(listeners) {
            let server = server(*tag, &nodes).expect("a configuration that makes sense");
            listener.set_nonblocking(true).expect("a listener");
            let listener = TcpListener::from_std(listener).expect("a listener");
            tokio::spawn(server.serve(listener));
            servers.push(server);
        }
        let (opened, socket) = tokio::join!(get(here, POLLING), servers[0].accept());
        let socket = socket.expect("a session");
        socket.try_send("hello").expect("room");
        let opened = opened.expect("an answer");
        let target = format!("{POLLING}&sid={}", sid(&opened).expect("a session"));
        let polled = get(there, &target).await.expect("an answer");
        assert!(polled.ends_with("4hello"), "{polled}");
    });
}

/// Tries a task that runs a server's deadlines: it goes on until the last hub is dropped.
pub fn try_driver<F: Future>(drive: impl FnOnce(WeakHub, fn(Instant) -> Pending<()>) -> F) {
    let hub: Hub = Hub::new(ServerConfig::default(), || Instant::ZERO, Box::new(()));
    let mut driver = pin!(drive(hub.downgrade(), |_| pending()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(driver.as_mut().poll(&mut cx).is_pending());
    drop(hub);
    assert!(driver.as_mut().poll(&mut cx).is_ready());
}

/// Waits for what needs a runtime of tokio's.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// Runs `serve` with a listener of its own, and `client` with its address, until that is done.
fn run<F: IntoFuture, T>(
    serve: impl FnOnce(TcpListener) -> F,
    client: impl AsyncFnOnce(SocketAddr) -> T,
) -> T {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving = serve(listener).into_future();
        tokio::select! {
            done = client(address) => done,
            _ = async { serving.await; pending::<()>().await } => unreachable!(),
        }
    })
}
