//! A client as simple as one can be that upgrades without losing anything.
//!
//! Written from the protocol, not from the crate's own machines: of the crate it
//! uses the codec.

use std::collections::VecDeque;

use engineio_proto::ConnId;
use engineio_proto::server::Transmit;
use engineio_proto::{
    BinaryEncoding, ContentType, Frame, HandshakeData, Message, Packet, Payload, PayloadSize,
    Response, Revision, decode_frame, decode_payload, encode_frame, encode_payload,
};

use super::link::{Answer, Fact, Link, Parcel};

pub(crate) struct Client {
    pub(crate) revision: Revision,
    sid: Option<String>,
    /// Why it stopped, once it did.
    pub(crate) over: Option<&'static str>,
    pub(crate) get: Option<ConnId>,
    pub(crate) post: Option<ConnId>,
    pub(crate) socket: Socket,
    /// WebSockets that it closed: it doesn't look at what still arrives on them.
    left: Vec<ConnId>,
    queue: VecDeque<Packet>,
    pub(crate) received: Vec<Message>,
    max_payload: usize,
    ping_interval: u64,
    /// Revision 3: when it pings.
    ping_at: u64,
}

/// Where the WebSocket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    None,
    /// No 101 yet.
    Asked(ConnId),
    /// `2probe` was sent.
    Probing(ConnId),
    /// `3probe` came: no new polls, and `5` when the last one is answered.
    Pausing(ConnId),
    /// Everything goes over it.
    Taken(ConnId),
}

impl Client {
    /// A client that shakes hands over polling or over a WebSocket.
    pub(crate) fn connect(revision: Revision, framed: bool, now: u64, link: &mut Link) -> Self {
        let mut client = Self {
            revision,
            sid: None,
            over: None,
            get: None,
            post: None,
            socket: Socket::None,
            left: Vec::new(),
            queue: VecDeque::new(),
            received: Vec::new(),
            max_payload: usize::MAX,
            ping_interval: 0,
            ping_at: u64::MAX,
        };
        if framed {
            client.ask_for_websocket(now, link);
        } else {
            client.get = Some(client.request("GET", "polling", false, now, link));
        }
        client
    }

    /// Queues a message of the application.
    pub(crate) fn send(&mut self, message: Message) {
        self.queue.push_back(Packet::Message(message));
    }

    /// Says goodbye once everything has left.
    pub(crate) fn close(&mut self) {
        self.queue.push_back(Packet::Close);
    }

    /// Whether it is in a session.
    pub(crate) const fn is_open(&self) -> bool {
        self.over.is_none() && self.sid.is_some()
    }

    /// Whether it waits for an answer to this request.
    pub(crate) fn knows(&self, conn: ConnId) -> bool {
        [self.get, self.post].contains(&Some(conn)) || self.socket == Socket::Asked(conn)
    }

    /// Begins to upgrade, if there is something to upgrade.
    pub(crate) fn upgrade(&mut self, now: u64, link: &mut Link) {
        if self.is_open() && self.socket == Socket::None {
            self.ask_for_websocket(now, link);
        }
    }

    fn ask_for_websocket(&mut self, now: u64, link: &mut Link) {
        self.socket = Socket::Asked(self.request("GET", "websocket", false, now, link));
    }

    pub(crate) fn request(
        &self,
        method: &'static str,
        transport: &str,
        octets: bool,
        now: u64,
        link: &mut Link,
    ) -> ConnId {
        let number = self.revision.number();
        let sid = self.sid.as_ref().map(|sid| format!("&sid={sid}")).unwrap_or_default();
        let target = format!("/engine.io/?EIO={number}&transport={transport}{sid}");
        let conn = link.connect();
        let upgrade = transport == "websocket";
        let request = Fact::Request { method, target, upgrade, octets };
        link.send(now, Parcel::ToServer(conn, request));
        conn
    }

    /// When it has something to do by itself.
    pub(crate) fn due(&self) -> Option<u64> {
        (self.over.is_none() && self.revision == Revision::V3).then_some(self.ping_at)
    }

    /// Does what can be done now.
    pub(crate) fn turn(&mut self, now: u64, link: &mut Link) {
        if !self.is_open() {
            return;
        }
        if self.revision == Revision::V3 && now >= self.ping_at {
            self.ping_at = now + self.ping_interval;
            self.queue.push_back(Packet::Ping("".into()));
        }
        match self.socket {
            Socket::None | Socket::Asked(_) | Socket::Probing(_) => self.poll_and_post(now, link),
            Socket::Pausing(conn) => {
                if self.get.is_none() && self.post.is_none() {
                    self.frame(conn, Packet::Upgrade, now, link);
                    self.socket = Socket::Taken(conn);
                    self.turn(now, link);
                }
            }
            Socket::Taken(conn) => {
                while let Some(packet) = self.queue.pop_front() {
                    let is_last = packet == Packet::Close;
                    self.frame(conn, packet, now, link);
                    if is_last {
                        return self.stop("said goodbye");
                    }
                }
            }
        }
    }

    fn poll_and_post(&mut self, now: u64, link: &mut Link) {
        if self.get.is_none() {
            self.get = Some(self.request("GET", "polling", false, now, link));
        }
        if self.post.is_none() && !self.queue.is_empty() {
            let mut size = PayloadSize::new(self.revision, BinaryEncoding::Raw);
            let mut packets = Vec::new();
            while let Some(packet) = self.queue.front() {
                let more = size.with(packet);
                if packets.len() == 16 || (!packets.is_empty() && more.bytes() > self.max_payload) {
                    break;
                }
                size = more;
                packets.extend(self.queue.pop_front());
            }
            let payload = encode_payload(self.revision, &packets, BinaryEncoding::Raw);
            let octets = payload.content_type == ContentType::Binary;
            let conn = self.request("POST", "polling", octets, now, link);
            link.send(now, Parcel::ToServer(conn, Fact::Body(payload.body)));
            self.post = Some(conn);
            if packets.contains(&Packet::Close) {
                self.stop("said goodbye");
            }
        }
    }

    fn frame(&self, conn: ConnId, packet: Packet, now: u64, link: &mut Link) {
        let frame = encode_frame(self.revision, packet, BinaryEncoding::Raw);
        link.send(now, Parcel::ToServer(conn, Fact::Frame(on_the_wire(&frame))));
    }

    /// Takes what came on one of its connections.
    pub(crate) fn hear(&mut self, conn: ConnId, answer: Answer, now: u64, link: &mut Link) {
        if self.over.is_some() || self.left.contains(&conn) {
            return;
        }
        match answer {
            Answer::Transmit(Transmit::Refuse(refusal)) => {
                self.response(conn, refusal.response(), now)
            }
            Answer::Transmit(Transmit::Respond(response)) => self.response(conn, response, now),
            Answer::Transmit(Transmit::Upgrade(_)) => {
                if self.socket == Socket::Asked(conn) && self.sid.is_some() {
                    self.frame(conn, Packet::Ping("probe".into()), now, link);
                    self.socket = Socket::Probing(conn);
                }
            }
            Answer::Transmit(Transmit::Frame(frame)) => self.heard_frame(conn, &frame, now),
            Answer::Transmit(Transmit::Hangup(_)) => self.lost_socket(conn),
            Answer::Cut if self.get == Some(conn) && self.sid.is_some() => self.get = None,
            Answer::Cut if self.get == Some(conn) => self.stop("the handshake was cut"),
            // It isn't known whether a POST that was cut arrived.
            Answer::Cut if self.post == Some(conn) => self.stop("a POST was cut"),
            Answer::Cut => self.lost_socket(conn),
        }
    }

    fn response(&mut self, conn: ConnId, response: Response, now: u64) {
        if self.get == Some(conn) {
            self.get = None;
            if response.status != 200 {
                return self.stop("a GET was refused");
            }
            let content_type = super::content_type(response.headers.get("content-type"));
            let payload = Payload { body: response.body, content_type };
            let packets = decode_payload(self.revision, payload, 16).expect("a legal payload");
            packets.into_iter().for_each(|packet| self.packet(packet, now));
        } else if self.post == Some(conn) {
            self.post = None;
            if response.status != 200 {
                self.stop("a POST was refused");
            }
        } else if self.socket == Socket::Asked(conn) {
            self.socket = Socket::None;
        }
    }

    fn heard_frame(&mut self, conn: ConnId, frame: &Frame, now: u64) {
        let packet = decode_frame(self.revision, on_the_wire(frame)).expect("a legal packet");
        match self.socket {
            Socket::Taken(taken) if taken == conn => self.packet(packet, now),
            Socket::Probing(probing) if probing == conn => {
                assert_eq!(packet, Packet::Pong("probe".into()), "nothing else may come now");
                self.socket = Socket::Pausing(conn);
            }
            Socket::Asked(asked) if asked == conn => {
                assert!(matches!(packet, Packet::Open(_)), "not the open packet: {packet:?}");
                self.socket = Socket::Taken(conn);
                self.packet(packet, now);
            }
            other => panic!("{packet:?} came in state {other:?}"),
        }
    }

    fn packet(&mut self, packet: Packet, now: u64) {
        match packet {
            Packet::Open(json) => {
                assert!(self.sid.is_none(), "a second open packet");
                let handshake = HandshakeData::from_json(&json).expect("legal JSON");
                self.sid = Some(handshake.sid.as_str().to_owned());
                self.max_payload = handshake.max_payload.unwrap_or(usize::MAX);
                self.ping_interval =
                    u64::try_from(handshake.ping_interval.as_millis()).expect("a short interval");
                self.ping_at = now + self.ping_interval;
            }
            Packet::Message(message) => self.received.push(message),
            Packet::Ping(_) => self.queue.push_back(Packet::Pong("".into())),
            Packet::Close => self.stop("the server closed"),
            Packet::Pong(_) | Packet::Upgrade | Packet::Noop => {}
        }
    }

    /// Closes a WebSocket without a word.
    pub(crate) fn hang_up(&mut self, conn: ConnId, now: u64, link: &mut Link) {
        link.send(now, Parcel::ToServer(conn, Fact::Closed));
        self.left.push(conn);
        self.lost_socket(conn);
    }

    /// A probe that failed is forgotten; without the session's own connection there
    /// is nothing left.
    fn lost_socket(&mut self, conn: ConnId) {
        match self.socket {
            Socket::Probing(it) | Socket::Pausing(it) if it == conn => self.socket = Socket::None,
            Socket::Asked(it) if it == conn && self.sid.is_some() => self.socket = Socket::None,
            Socket::Asked(it) | Socket::Taken(it) if it == conn => self.stop("lost its socket"),
            Socket::None
            | Socket::Asked(_)
            | Socket::Probing(_)
            | Socket::Pausing(_)
            | Socket::Taken(_) => {}
        }
    }

    pub(crate) const fn stop(&mut self, why: &'static str) {
        if self.over.is_none() {
            self.over = Some(why);
        }
    }
}

/// The same bytes in one piece, as they arrive.
pub(super) fn on_the_wire(frame: &Frame) -> Frame {
    let bytes = frame.parts().concat();
    if frame.is_text() {
        Frame::text(String::from_utf8(bytes).expect("text").into())
    } else {
        Frame::binary(bytes.into())
    }
}
