//! What a message asks of the allocator, on its way in and out.

use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use bytes::Bytes;
use engineio_hub::{
    Answer, Events, Framed, Handler, Handshake, Hub, Sender, ServerEvent, Socket, Write,
};
use engineio_proto::server::Refusal;
use engineio_proto::{
    BinaryEncoding, Instant, Message, Packet, Revision, ServerConfig, encode_frame,
};
use heap::cost;
use http::Request;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

const MESSAGES: u64 = 100;

/// How the application takes messages.
enum Application {
    Socket(Socket),
    Events(Events),
    Handler,
}

struct Echo {
    framed: Framed,
    carrier: Waker,
    application: Application,
    reader: Waker,
}

struct EchoHandler;

impl Handler<()> for EchoHandler {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, session: &Sender, message: Message) {
        session.try_send(message).unwrap();
    }
}

/// A task. The hub keeps one waker for each, and compares it with the next.
struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

fn upgrade(hub: &Hub, accept: impl FnOnce(), cx: &mut Context<'_>) -> Framed {
    let request = Request::get("/engine.io/?EIO=4&transport=websocket")
        .header("host", "test")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let mut seat = hub.admit(&request.body(()).unwrap().into_parts().0).unwrap();
    accept();
    match seat.poll_answer(cx) {
        Poll::Ready(Answer::Upgrade(_, framed)) => framed,
        other => panic!("a 101 was expected, not {other:?}"),
    }
}

impl Echo {
    fn new(application: impl FnOnce(&Hub) -> Application) -> (Self, Hub) {
        let hub = Hub::new(ServerConfig::default(), || Instant::ZERO, Box::new(()));
        let (carrier, reader) = (Waker::from(Arc::new(Task)), Waker::from(Arc::new(Task)));
        let mut application = application(&hub);
        let accept = || {
            let cx = &mut Context::from_waker(&reader);
            if let Poll::Ready(Some(incoming)) = hub.poll_incoming(cx) {
                application = Application::Socket(incoming.accept().unwrap());
            }
        };
        let framed = upgrade(&hub, accept, &mut Context::from_waker(&carrier));
        (Self { framed, carrier, application, reader }, hub)
    }

    /// A client's bytes come, and what the server has to say goes.
    fn turn(&mut self, bytes: &[u8]) {
        let carrier = &mut Context::from_waker(&self.carrier);
        let reader = &mut Context::from_waker(&self.reader);
        for chunk in bytes.chunks(64 << 10) {
            self.framed.received(chunk);
        }
        match &mut self.application {
            Application::Socket(socket) => {
                while let Poll::Ready(message) = socket.poll_recv(reader) {
                    socket.try_send(message.unwrap()).unwrap();
                }
            }
            Application::Events(events) => {
                while let Poll::Ready(event) = events.poll_event(reader) {
                    if let Some(ServerEvent::Message(sender, message)) = event {
                        sender.try_send(message).unwrap();
                    }
                }
            }
            Application::Handler => {}
        }
        while let Poll::Ready(write) = self.framed.poll_write(carrier) {
            let Write::Bytes([first, second]) = write else { panic!("the end") };
            let count = first.len() + second.len();
            self.framed.written(count);
        }
        assert!(self.framed.poll_read(carrier).is_ready());
    }
}

/// How often an echo of one message asks the allocator for memory, with so many at a time.
fn allocations(
    application: impl FnOnce(&Hub) -> Application,
    message: impl Into<Message>,
    in_flight: u64,
) -> f64 {
    let (mut echo, _hub) = Echo::new(application);
    let frame = masked(message.into());
    let frames = frame.repeat(usize::try_from(in_flight).unwrap());
    // Buffers that stay.
    (0..4).for_each(|_| echo.turn(&frames));
    let ((), used) = cost(|| (0..MESSAGES).for_each(|_| echo.turn(&frames)));
    used.allocations as f64 / (MESSAGES * in_flight) as f64
}

/// A client's frame with this message. The mask is zero.
fn masked(message: Message) -> Vec<u8> {
    let packet = Packet::Message(message);
    let frame = encode_frame(Revision::V4, packet, BinaryEncoding::Raw);
    let mut bytes = vec![if frame.is_text() { 0x81 } else { 0x82 }, 0x80 | 127];
    bytes.extend((frame.len() as u64).to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(frame.parts().concat());
    bytes
}

fn by_socket(_hub: &Hub) -> Application {
    // Until there is one.
    Application::Handler
}

fn by_events(hub: &Hub) -> Application {
    Application::Events(hub.events())
}

fn by_handler(hub: &Hub) -> Application {
    hub.handle(EchoHandler);
    Application::Handler
}

#[test]
fn echo_of_a_short_text_asks_for_its_message_alone() {
    let echo = |application: fn(&Hub) -> Application| allocations(application, text(), 1);
    assert_at_most(echo(by_socket), 1.0);
    assert_at_most(echo(by_handler), 1.0);
    assert_at_most(echo(by_events), 1.0);
}

#[test]
fn short_texts_that_come_together_ask_for_their_messages_alone() {
    let echo = |application: fn(&Hub) -> Application| allocations(application, text(), 32);
    assert_at_most(echo(by_socket), 1.0);
    assert_at_most(echo(by_handler), 1.0);
    assert_at_most(echo(by_events), 1.0);
}

#[test]
fn echo_of_a_large_binary_asks_for_its_message_alone() {
    let echo = |application: fn(&Hub) -> Application| allocations(application, binary(), 1);
    assert_at_most(echo(by_socket), 1.0);
    assert_at_most(echo(by_handler), 1.0);
    assert_at_most(echo(by_events), 1.0);
}

fn text() -> String {
    "x".repeat(64)
}

fn binary() -> Bytes {
    vec![7; 16 << 10].into()
}

#[track_caller]
fn assert_at_most(allocations: f64, most: f64) {
    println!("{allocations} allocations a message");
    assert!(allocations <= most, "{allocations} allocations a message, and not {most} at most");
}
