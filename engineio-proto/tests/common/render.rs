//! Sinks as text, the same in both revisions.

use engineio_proto::server::{Event, Transmit};
use engineio_proto::{
    ContentType, Message, Packet, Payload, Response, Revision, ServerCloseReason, decode_payload,
};

/// `200 4a␞6`, `101`, `3probe`, `hangup 1000`.
pub(crate) fn transmit(revision: Revision, transmit: &Transmit) -> String {
    match transmit {
        Transmit::Respond(it) => response(revision, it),
        Transmit::Refuse(it) => response(revision, &it.clone().response()),
        Transmit::Upgrade(_) => "101".to_owned(),
        Transmit::Frame(frame) => bytes(&frame.parts().concat()),
        Transmit::Hangup(code) => format!("hangup {}", code.0),
    }
}

/// The packets of an answer to a poll, the code of a refusal, or whatever else is in it.
pub(crate) fn response(revision: Revision, response: &Response) -> String {
    let header = response.headers.get("content-type");
    let content_type = super::content_type(header);
    let is_poll =
        content_type == ContentType::Binary || header.is_some_and(|it| it.contains("plain"));
    let body = if is_poll {
        let payload = Payload { body: response.body.clone(), content_type };
        let packets = decode_payload(revision, payload, usize::MAX).expect("our own payload");
        packets.iter().map(packet).collect::<Vec<_>>().join("␞")
    } else {
        let text = String::from_utf8_lossy(&response.body).into_owned();
        match text.strip_prefix("{\"code\":").and_then(|rest| rest.split_once(',')) {
            Some((code, _)) => format!("code {code}"),
            None => text,
        }
    };
    if body.is_empty() {
        response.status.to_string()
    } else {
        format!("{} {body}", response.status)
    }
}

pub(crate) fn packet(packet: &Packet) -> String {
    let data = match packet {
        Packet::Open(text) | Packet::Ping(text) | Packet::Pong(text) => text.to_string(),
        Packet::Message(message) => self::message(message),
        Packet::Close | Packet::Upgrade | Packet::Noop => String::new(),
    };
    format!("{}{data}", packet.packet_type().number())
}

pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Message(message) => self::message(message),
        Event::Upgraded(_) => "upgraded".to_owned(),
        Event::Closed(reason) => format!("closed {}", self::reason(reason)),
        other => format!("{other:?}"),
    }
}

/// `Peer`, `Peer 1001`, `OverlappingPolls`, `Packet`.
pub(crate) fn reason(reason: &ServerCloseReason) -> String {
    let name = match reason {
        ServerCloseReason::Peer(Some(code)) => return format!("Peer {}", code.0),
        ServerCloseReason::Violation(violation) => format!("{violation:?}"),
        other => format!("{other:?}"),
    };
    name.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

pub(crate) fn message(message: &Message) -> String {
    match message {
        Message::Text(text) => text.to_string(),
        Message::Binary(data) => hex(data),
    }
}

pub(crate) fn bytes(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) if !text.bytes().any(|byte| byte.is_ascii_control()) => text.to_owned(),
        _ => hex(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("<{}>", digits.join(" "))
}
