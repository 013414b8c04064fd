//! Steps 10 and up: a session from its handshake over the upgrade to its end.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;
use engineio_proto::ConnId;
use engineio_proto::server::{Event, Input, Route, Session, Transmit, route};
use engineio_proto::{
    BinaryEncoding, CloseCode, ContentType, Frame, HandshakeData, Instant, Message, Packet,
    Payload, Request, Revision, ServerCloseReason, ServerConfig, Sid, Transport, decode_frame,
    decode_payload, encode_payload,
};

use crate::step;

const HANDSHAKE: ConnId = ConnId(0);
const GET: ConnId = ConnId(1);
const POST: ConnId = ConnId(2);
const LAST_GET: ConnId = ConnId(3);
const WEBSOCKET: ConnId = ConnId(4);

pub(crate) fn check(revision: Revision) {
    let mut peer = Peer::open(revision);
    peer.poll_and_post();
    peer.upgrade();
    peer.live_and_close();
}

struct Peer {
    revision: Revision,
    config: Arc<ServerConfig>,
    session: Session,
    now: Instant,
}

impl Peer {
    fn open(revision: Revision) -> Self {
        let config = Arc::new(ServerConfig::default());
        let target = format!("/engine.io/?EIO={}&transport=polling", revision.number());
        let request = Request { method: "GET", target: &target, ..Request::default() };
        let opening = match route(&config, &request) {
            Route::Open(opening) => opening,
            Route::Foreign | Route::Answer(_) | Route::Refuse(_) | Route::Session { .. } => {
                fail(10)
            }
        };
        let now = Instant::from_millis(1);
        let session = Session::open(&config, opening, Sid::from_random([7; 16]), HANDSHAKE, now);
        let mut peer = Self { revision, config, session, now };
        let packets = peer.answer(HANDSHAKE);
        let Some(Packet::Open(json)) = packets.first() else { fail(11) };
        let Ok(handshake) = HandshakeData::from_json(json) else { fail(12) };
        step(13, handshake.sid == *peer.session.sid());
        step(14, handshake.upgrades == [Transport::WebSocket]);
        peer
    }

    fn poll_and_post(&mut self) {
        self.request("GET", GET, false);
        step(20, self.session.poll_transmit(GET).is_none());
        step(21, self.session.send("out").is_ok());
        step(22, self.answer(GET) == [Packet::Message("out".into())]);

        self.request("POST", POST, false);
        let bytes = Message::from(Bytes::from_static(&[1, 2, 3]));
        let packets = [Packet::Message("in".into()), Packet::Message(bytes.clone())];
        let payload = encode_payload(self.revision, &packets, BinaryEncoding::Base64);
        self.session.handle_input(self.now, Input::Body(POST, payload.body));
        step(23, self.session.poll_event() == Some(Event::Message("in".into())));
        step(24, self.session.poll_event() == Some(Event::Message(bytes)));
        step(
            25,
            matches!(self.session.poll_transmit(POST),
            Some(Transmit::Respond(response)) if response.body == "ok"),
        );
    }

    fn upgrade(&mut self) {
        self.request("GET", LAST_GET, false);
        self.request("GET", WEBSOCKET, true);
        step(30, matches!(self.session.poll_transmit(WEBSOCKET), Some(Transmit::Upgrade(_))));
        self.say("2probe");
        step(31, self.frame() == Packet::Pong("probe".into()));
        step(32, self.answer(LAST_GET) == [Packet::Noop]);
        self.say("5");
        step(33, self.session.poll_event() == Some(Event::Upgraded(Transport::WebSocket)));
        step(34, self.session.transport() == Some(Transport::WebSocket));
    }

    fn live_and_close(&mut self) {
        step(40, self.session.send(Bytes::from_static(&[9])).is_ok());
        step(41, self.frame() == Packet::Message(Bytes::from_static(&[9]).into()));
        if self.revision.server_pings() {
            self.sleep();
            step(42, self.frame() == Packet::Ping("".into()));
            self.say("3");
        } else {
            self.say("2");
            step(43, self.frame() == Packet::Pong("".into()));
        }
        self.session.close(self.now);
        step(44, self.frame() == Packet::Close);
        let hangup = self.session.poll_transmit(WEBSOCKET);
        step(45, hangup == Some(Transmit::Hangup(CloseCode::NORMAL)));
        step(46, self.session.poll_event() == Some(Event::Closed(ServerCloseReason::Application)));
        step(47, self.session.is_closed() && self.session.poll_timeout().is_none());
    }

    fn request(&mut self, method: &str, conn: ConnId, upgrade: bool) {
        let transport = if upgrade { "websocket" } else { "polling" };
        let target =
            format!("/engine.io/?transport={transport}&sid={}", self.session.sid().as_str());
        let request = Request { method, target: &target, upgrade, ..Request::default() };
        match route(&self.config, &request) {
            Route::Session { sid, exchange } => {
                step(50, sid == self.session.sid().as_str());
                self.session.handle_input(self.now, Input::Request(conn, exchange));
            }
            Route::Foreign | Route::Answer(_) | Route::Refuse(_) | Route::Open(_) => fail(51),
        }
    }

    fn say(&mut self, text: &'static str) {
        let frame = Frame::text(text.into());
        self.session.handle_input(self.now, Input::Frame(WEBSOCKET, frame));
    }

    fn sleep(&mut self) {
        let Some(at) = self.session.poll_timeout() else { fail(52) };
        self.now = at;
        self.session.handle_timeout(at);
    }

    /// The packets that a poll is answered with.
    fn answer(&mut self, conn: ConnId) -> Vec<Packet> {
        let Some(Transmit::Respond(response)) = self.session.poll_transmit(conn) else { fail(53) };
        let content_type = match response.headers.get("content-type") {
            Some("application/octet-stream") => ContentType::Binary,
            Some(_) | None => ContentType::Text,
        };
        let payload = Payload { body: response.body, content_type };
        let Ok(packets) = decode_payload(self.revision, payload, 16) else { fail(54) };
        packets
    }

    /// The packet that is sent over the WebSocket.
    fn frame(&mut self) -> Packet {
        let Some(Transmit::Frame(frame)) = self.session.poll_transmit(WEBSOCKET) else { fail(55) };
        let Ok(packet) = decode_frame(self.revision, frame) else { fail(56) };
        packet
    }
}

fn fail(number: u8) -> ! {
    step(number, false);
    unreachable!("that was the end")
}
