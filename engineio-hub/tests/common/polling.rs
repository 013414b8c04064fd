//! A client that polls.

use std::collections::VecDeque;

use bytes::Bytes;
use engineio_proto::{
    BinaryEncoding, ContentType, HandshakeData, Message, Packet, Payload, Revision, decode_payload,
    encode_payload,
};
use http::Response;

use super::binding::Call;
use super::websocket::WebSocket;
use super::world::World;

pub(crate) struct Polling {
    world: World,
    revision: Revision,
    sid: String,
    seen: VecDeque<Packet>,
}

impl Polling {
    pub(crate) async fn open(world: &World) -> Self {
        Self::open_as(world, Revision::V4).await
    }

    pub(crate) async fn open_as(world: &World, revision: Revision) -> Self {
        let query = format!("EIO={}&transport=polling", revision.number());
        let response = world.get(&query).response().await;
        Self::opened(world, revision, response)
    }

    /// The client that got this answer to its handshake.
    pub(crate) fn opened(world: &World, revision: Revision, answer: Response<Bytes>) -> Self {
        let mut seen = VecDeque::from(packets(revision, answer));
        let Some(Packet::Open(json)) = seen.pop_front() else { panic!("no open packet") };
        let sid = HandshakeData::from_json(&json).unwrap().sid.as_str().into();
        Self { world: world.clone(), revision, sid, seen }
    }

    /// Another handle of the same client, to post while this one polls.
    pub(crate) fn writer(&self) -> Self {
        let (world, sid) = (self.world.clone(), self.sid.clone());
        Self { world, revision: self.revision, sid, seen: VecDeque::new() }
    }

    pub(crate) fn sid(&self) -> &str {
        &self.sid
    }

    fn query(&self, transport: &str) -> String {
        format!("EIO={}&transport={transport}&sid={}", self.revision.number(), self.sid)
    }

    /// Begins a poll.
    pub(crate) fn get(&self) -> Call {
        self.world.get(&self.query("polling"))
    }

    /// Polls until the server sends something.
    pub(crate) async fn poll(&self) -> Vec<Packet> {
        packets(self.revision, self.get().response().await)
    }

    /// The next message. Answers pings.
    pub(crate) async fn message(&mut self) -> Message {
        loop {
            match self.seen.pop_front() {
                Some(Packet::Message(message)) => return message,
                Some(Packet::Ping(_)) => assert_eq!(self.post(&[pong()]).await, 200),
                Some(Packet::Noop) => {}
                Some(other) => panic!("unexpected {other:?}"),
                None => self.seen.extend(self.poll().await),
            }
        }
    }

    /// Begins a POST of these packets.
    pub(crate) fn posting(&self, packets: &[Packet]) -> Call {
        let payload = encode_payload(self.revision, packets, BinaryEncoding::Base64);
        self.world.post(&self.query("polling"), payload.body)
    }

    /// Begins a POST whose body is still to come.
    pub(crate) fn begin_post(&self) -> Call {
        let request = super::world::request("POST", &self.query("polling"));
        self.world.begin(request.body(()).unwrap())
    }

    pub(crate) async fn post(&self, packets: &[Packet]) -> u16 {
        self.posting(packets).status().await
    }

    pub(crate) async fn send(&self, message: impl Into<Message>) {
        assert_eq!(self.post(&[Packet::Message(message.into())]).await, 200);
    }

    /// Begins to upgrade.
    pub(crate) async fn websocket(&self) -> WebSocket {
        let end = self.world.websocket(&self.query("websocket")).upgraded().await;
        WebSocket::new(self.revision, end)
    }

    /// Upgrades as the JavaScript client does.
    pub(crate) async fn upgrade(self) -> (WebSocket, Vec<Packet>) {
        let mut socket = self.websocket().await;
        socket.send(Packet::Ping("probe".into())).await;
        let mut left = Vec::from(self.seen.clone());
        left.extend(self.poll().await.into_iter().filter(|packet| *packet != Packet::Noop));
        assert_eq!(socket.packet().await, Packet::Pong("probe".into()));
        socket.send(Packet::Upgrade).await;
        (socket, left)
    }
}

pub(crate) fn packets(revision: Revision, response: Response<Bytes>) -> Vec<Packet> {
    assert_eq!(response.status(), 200);
    let is_binary = response.headers()["content-type"] == "application/octet-stream";
    let content_type = if is_binary { ContentType::Binary } else { ContentType::Text };
    let payload = Payload { body: response.into_body(), content_type };
    decode_payload(revision, payload, usize::MAX).unwrap()
}

pub(crate) fn pong() -> Packet {
    Packet::Pong("".into())
}
