//! Compressed messages, as a client sees them on the wire.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use peer::{Frame, Peer, upgrade};

use crate::engineio::{Handler, Handshake, Message, PlainSender, Refusal, Server};
use crate::suite::{WEBSOCKET, config, echo, listen};

const ANSWER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// First byte of a compressed text.
const COMPRESSED: u8 = 0xc1;

/// Asks for a WebSocket as browsers do, and returns what the server agrees to.
async fn agreed(peer: &mut Peer, target: &str) -> Option<String> {
    let offer = "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
    peer.send(upgrade(target).replace("\r\n\r\n", offer)).await;
    let answer = peer.answer().await;
    assert_eq!(answer.status, 101, "{answer:?}");
    answer.header("sec-websocket-extensions").map(str::to_owned)
}

/// A message in the one kind of block that needs no code: as it is.
fn stored(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    let mut payload = vec![0];
    payload.extend(length.to_le_bytes());
    payload.extend((!length).to_le_bytes());
    payload.extend(text.as_bytes());
    payload.push(0);
    payload
}

fn inflated(payload: &[u8]) -> String {
    let payload = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut bytes = Vec::with_capacity(1 << 20);
    let context = &mut Decompress::new(false);
    context.decompress_vec(&payload, &mut bytes, FlushDecompress::Sync).expect("deflate");
    String::from_utf8(bytes).expect("UTF-8")
}

#[tokio::test]
async fn compressed_message_comes_back_compressed_if_it_is_long() {
    let (_server, address) = echo(config().websocket_compression(true)).await;
    let mut peer = Peer::connect(address).await;
    assert_eq!(agreed(&mut peer, WEBSOCKET).await.as_deref(), Some(ANSWER));
    assert!(matches!(peer.frame().await, Frame::Text(_)));
    peer.send_frame(COMPRESSED, &stored("4short")).await;
    assert_eq!(peer.frame().await, Frame::text("4short"));
    let long = format!("4{}", "to and fro, ".repeat(5_000));
    peer.send_frame(COMPRESSED, &stored(&long)).await;
    let (first, payload) = peer.raw_frame().await.expect("a frame");
    assert_eq!((first, inflated(&payload)), (COMPRESSED, long));
    assert!(payload.len() < 1_000, "{}", payload.len());
}

#[tokio::test]
async fn without_the_setting_nothing_is_agreed_on_and_compressed_messages_are_refused() {
    let (_server, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    assert_eq!(agreed(&mut peer, WEBSOCKET).await, None);
    assert!(matches!(peer.frame().await, Frame::Text(_)));
    peer.send_frame(COMPRESSED, &stored("4a")).await;
    assert_eq!(peer.closed().await, Frame::Close(1002));
}

/// Refuses compression to a client by its name.
struct Choosy;

impl Handler<()> for Choosy {
    fn connect(&self, handshake: &Handshake) -> Result<(), Refusal> {
        handshake.compress(handshake.header("user-agent") != Some("Broken/1.0"));
        Ok(())
    }

    fn message(&self, session: &PlainSender, message: Message) {
        session.try_send(message).expect("room");
    }
}

#[tokio::test]
async fn application_refuses_compression_to_a_client_by_its_user_agent() {
    let config = config().websocket_compression(true).build().expect("a legal configuration");
    let server = Server::builder(config).build();
    server.handle(Choosy);
    let address = listen(&server).await;
    for (agent, expected) in [("Sound/1.0", Some(ANSWER)), ("Broken/1.0", None)] {
        let mut peer = Peer::connect(address).await;
        let target = format!("{WEBSOCKET} HTTP/1.1\r\nUser-Agent: {agent}\r\nX-Rest:");
        assert_eq!(agreed(&mut peer, &target).await.as_deref(), expected, "{agent}");
    }
}

#[tokio::test]
async fn bombs_and_broken_data_are_refused_with_their_codes() {
    let zeros = deflated(&[0; 100_000]);
    for (payload, code) in [(&zeros[..], 1009), (&[0xff; 9], 1007)] {
        let config = config().websocket_compression(true).max_payload(10_000);
        let (_server, address) = echo(config).await;
        let mut peer = Peer::connect(address).await;
        agreed(&mut peer, WEBSOCKET).await.expect("compression");
        assert!(matches!(peer.frame().await, Frame::Text(_)));
        peer.send_frame(COMPRESSED, payload).await;
        assert_eq!(peer.closed().await, Frame::Close(code));
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut context = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(bytes.len() + 100);
    context.compress_vec(bytes, &mut out, FlushCompress::Sync).expect("room");
    out.truncate(out.len() - 4);
    out
}
