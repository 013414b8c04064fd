use serde_json::Value;

use crate::{Frame, Peer};

/// The revision of the protocol that a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// `EIO=3`
    V3,
    /// `EIO=4`
    V4,
}

impl Revision {
    /// The request target of a transport before there is a session, for example
    /// `/engine.io/?EIO=4&transport=polling`.
    #[must_use]
    pub fn target(self, transport: &str) -> String {
        let eio = match self {
            Self::V3 => 3,
            Self::V4 => 4,
        };
        format!("/engine.io/?EIO={eio}&transport={transport}")
    }

    /// Opens a session on a WebSocket. Returns it with the content of the open packet.
    pub async fn open_websocket(self, authority: &str) -> (Peer, Value) {
        let target = self.target("websocket");
        let mut websocket = Peer::websocket(authority, &target).await.expect("a 101");
        match websocket.frame().await {
            Frame::Text(packet) => (websocket, handshake(&packet)),
            other @ (Frame::Binary(_) | Frame::Close(_)) => panic!("no open packet: {other:?}"),
        }
    }

    /// The body that carries these text packets over polling.
    #[must_use]
    pub fn payload(self, packets: &[&str]) -> String {
        match self {
            Self::V4 => packets.join("\u{1e}"),
            Self::V3 => packets
                .iter()
                .map(|packet| format!("{}:{packet}", packet.encode_utf16().count()))
                .collect(),
        }
    }

    /// Reads the body of a polling handshake: exactly one open packet.
    #[must_use]
    pub fn open_packet(self, body: &str) -> Value {
        let packet = match self {
            Self::V4 => body,
            Self::V3 => {
                let (length, packet) = body.split_once(':').expect("a length before the packet");
                let units = packet.encode_utf16().count();
                assert_eq!(length.parse(), Ok(units), "the length counts UTF-16 units: {body}");
                packet
            }
        };
        handshake(packet)
    }
}

/// Reads one open packet: `0` and a JSON object.
fn handshake(packet: &str) -> Value {
    let json = packet.strip_prefix('0').unwrap_or_else(|| panic!("not an open packet: {packet}"));
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in the open packet {packet}"))
}
