//! WebSockets carried by the hub, from bytes to bytes.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use engineio_hub::{
    Answer, Framed, Group, Handler, Handshake, Hub, Sender, Sessions, Socket, Write,
};
use engineio_proto::server::Refusal;
use engineio_proto::{Instant, Message, ServerConfig};
use gungraun::{library_benchmark, library_benchmark_group};
use http::Request;

use crate::TIMES;

library_benchmark_group!(
    name = websockets;
    benchmarks = echo_by_socket, echo_by_handler, delivered_by_broadcast, delivered_by_group
);

/// Remembers that it was woken, as an executor's task does.
#[derive(Default)]
struct Task {
    is_woken: AtomicBool,
}

impl Task {
    fn take(&self) -> bool {
        self.is_woken.swap(false, Relaxed)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Relaxed);
    }
}

/// A connection and the task that carries it.
struct Connection {
    framed: Framed,
    task: Arc<Task>,
    waker: Waker,
}

impl Connection {
    /// Opens a session that the application of the hub accepts.
    fn open(hub: &Hub, accept: impl FnOnce(&mut Context<'_>)) -> Self {
        let task = Arc::<Task>::default();
        let waker = Waker::from(Arc::clone(&task));
        let cx = &mut Context::from_waker(&waker);
        let request = Request::get("/engine.io/?EIO=4&transport=websocket")
            .header("host", "example.org")
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .expect("a request");
        let mut seat = hub.admit(&request.into_parts().0).expect("our path");
        accept(cx);
        let Poll::Ready(Answer::Upgrade(_, framed)) = seat.poll_answer(cx) else {
            panic!("a 101 was expected")
        };
        let mut connection = Self { framed, task, waker };
        connection.turn();
        connection
    }

    /// Writes until there is nothing to write, and finds that there is nothing to read, as a
    /// binding does. Returns how many bytes were written.
    fn turn(&mut self) -> usize {
        self.task.take();
        let cx = &mut Context::from_waker(&self.waker);
        let mut written = 0;
        while let Poll::Ready(write) = self.framed.poll_write(cx) {
            let Write::Bytes([first, second]) = write else { panic!("it ended") };
            let count = black_box(first).len() + black_box(second).len();
            self.framed.written(count);
            written += count;
        }
        assert!(self.framed.poll_abort().is_pending());
        assert!(self.framed.poll_read(cx).is_ready());
        written
    }
}

/// A client's text frame, masked.
fn frame() -> Vec<u8> {
    const MASK: [u8; 4] = [0x11, 0x22, 0x44, 0x88];
    let packet = format!("4{}", "x".repeat(64));
    let mut frame = vec![0x81, 0x80 | 65];
    frame.extend(MASK);
    frame.extend(packet.bytes().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The length of the frame that comes back.
const ANSWER: usize = 2 + 65;

/// A server that echoes, its client, and what the client sends at a time.
struct Echo {
    connection: Connection,
    application: Option<Application>,
    frames: Vec<u8>,
    in_flight: usize,
    /// Without it the server would be gone.
    _hub: Hub,
}

/// The task of a socket.
struct Application {
    future: Pin<Box<dyn Future<Output = ()>>>,
    task: Arc<Task>,
    waker: Waker,
}

impl Application {
    fn new(socket: Socket) -> Self {
        let task = Arc::<Task>::default();
        let waker = Waker::from(Arc::clone(&task));
        let mut application = Self { future: Box::pin(echo(socket)), task, waker };
        application.poll();
        application
    }

    fn poll(&mut self) {
        self.task.take();
        let poll = self.future.as_mut().poll(&mut Context::from_waker(&self.waker));
        assert!(poll.is_pending(), "the session ended");
    }
}

async fn echo(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

impl Echo {
    fn by_socket(in_flight: usize) -> Self {
        let hub = new_hub();
        let mut socket = None;
        let connection = Connection::open(&hub, |cx| {
            let Poll::Ready(Some(incoming)) = hub.poll_incoming(cx) else { panic!("nobody came") };
            socket = incoming.accept();
        });
        let application = socket.map(Application::new);
        Self::new(hub, connection, application, in_flight)
    }

    fn by_handler(in_flight: usize) -> Self {
        let hub = new_hub();
        hub.handle(EchoHandler);
        let connection = Connection::open(&hub, |_| {});
        Self::new(hub, connection, None, in_flight)
    }

    fn new(
        hub: Hub,
        connection: Connection,
        application: Option<Application>,
        in_flight: usize,
    ) -> Self {
        let frames = frame().repeat(in_flight);
        let mut echo = Self { connection, application, frames, in_flight, _hub: hub };
        // The first messages find no buffers.
        for _ in 0..4 {
            echo.turn();
        }
        echo
    }

    /// All messages under way come in with one read, and go out.
    fn turn(&mut self) {
        self.connection.framed.received(&self.frames);
        let mut written = self.connection.turn();
        if let Some(application) = &mut self.application {
            while application.task.take() {
                application.poll();
                while self.connection.task.take() {
                    written += self.connection.turn();
                }
            }
        }
        assert_eq!(written, self.in_flight * ANSWER);
    }

    fn run(&mut self) {
        for _ in 0..TIMES / self.in_flight {
            self.turn();
        }
    }
}

pub(crate) fn new_hub() -> Hub {
    Hub::new(ServerConfig::default(), || Instant::ZERO, Box::new(()))
}

pub(crate) struct EchoHandler;

impl Handler<()> for EchoHandler {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, session: &Sender, message: Message) {
        session.try_send(message).expect("room");
    }
}

#[library_benchmark(setup = Echo::by_socket)]
#[bench::in_flight_1(1)]
#[bench::in_flight_32(32)]
fn echo_by_socket(mut echo: Echo) -> Echo {
    echo.run();
    echo
}

#[library_benchmark(setup = Echo::by_handler)]
#[bench::in_flight_1(1)]
#[bench::in_flight_32(32)]
fn echo_by_handler(mut echo: Echo) -> Echo {
    echo.run();
    echo
}

/// A server with sessions, and how to send to all of them.
struct Audience<T> {
    to: T,
    connections: Vec<Connection>,
    /// Without it the server would be gone.
    _hub: Hub,
}

impl<T> Audience<T> {
    fn new(count: usize, to: impl FnOnce(&Hub) -> T) -> Self {
        let hub = new_hub();
        hub.handle(EchoHandler);
        let connections = (0..count).map(|_| Connection::open(&hub, |_| {})).collect();
        Self { to: to(&hub), connections, _hub: hub }
    }

    fn send(&mut self, send: impl Fn(&T, String)) {
        send(&self.to, "x".repeat(64));
        for connection in &mut self.connections {
            assert!(connection.task.take());
            assert_eq!(connection.turn(), ANSWER);
        }
    }

    fn run(&mut self, send: impl Fn(&T, String)) {
        for _ in 0..TIMES / self.connections.len() {
            self.send(&send);
        }
    }
}

fn everyone(count: usize) -> Audience<Sessions> {
    let mut audience = Audience::new(count, Hub::sessions);
    audience.send(|to, message| to.broadcast(message));
    audience
}

#[library_benchmark(setup = everyone)]
#[bench::to_100(100)]
fn delivered_by_broadcast(mut audience: Audience<Sessions>) -> Audience<Sessions> {
    audience.run(|to, message| to.broadcast(message));
    audience
}

/// All sessions of a server are members.
fn members(count: usize) -> Audience<Group> {
    let mut audience = Audience::new(count, |hub| {
        let group = hub.sessions().group("room");
        hub.sessions().broadcast_where(
            |sid, ()| {
                assert!(group.join(sid));
                false
            },
            "",
        );
        group
    });
    audience.send(|to, message| to.send(message));
    audience
}

#[library_benchmark(setup = members)]
#[bench::to_100(100)]
fn delivered_by_group(mut audience: Audience<Group>) -> Audience<Group> {
    audience.run(|to, message| to.send(message));
    audience
}
