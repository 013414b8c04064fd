//! A client's sinks as text, the same in both revisions.

use engineio_proto::ClientCloseReason;
use engineio_proto::client::{Connect, Event, Transmit};
use engineio_proto::{Payload, Revision, decode_payload};

use super::render;

/// The packets of a POST: `4a␞4b`.
pub(crate) fn body(revision: Revision, connect: &Connect) -> String {
    let Connect::Post { body, content_type, .. } = connect else { return String::new() };
    let content_type = super::content_type(Some(*content_type));
    let payload = Payload { body: body.clone(), content_type };
    let packets = decode_payload(revision, payload, usize::MAX).expect("our own payload");
    packets.iter().map(render::packet).collect::<Vec<_>>().join("␞")
}

/// `2probe`, `hangup 1000`.
pub(crate) fn transmit(transmit: &Transmit) -> String {
    match transmit {
        Transmit::Frame(frame) => render::bytes(&frame.parts().concat()),
        Transmit::Hangup(code) => format!("hangup {}", code.0),
    }
}

pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Opened(_) => "opened".to_owned(),
        Event::Message(message) => render::message(message),
        Event::Upgraded(_) => "upgraded".to_owned(),
        Event::Closed(reason) => format!("closed {}", self::reason(reason)),
        other => format!("{other:?}"),
    }
}

/// `Application`, `Server 1000`, `Refused 400`, `WrongRevision 3`, `Packet`.
pub(crate) fn reason(reason: &ClientCloseReason) -> String {
    let name = match reason {
        ClientCloseReason::Server(Some(code)) => return format!("Server {}", code.0),
        ClientCloseReason::Refused(refused) => return format!("Refused {}", refused.status),
        ClientCloseReason::WrongRevision(Some(revision)) => {
            return format!("WrongRevision {}", revision.number());
        }
        ClientCloseReason::Violation(violation) => format!("{violation:?}"),
        other => format!("{other:?}"),
    };
    name.split(['(', ' ']).next().unwrap_or_default().to_owned()
}
