//! `engineio-tokio` with a listener of its own.

use clap::Parser as _;
use engineio_tokio::{
    Handler, Handshake, Message, Refusal, Sender, Server, ServerConfig, ServerEvent, Sessions,
    Socket,
};
use server_options::{MAX_PAYLOAD, Options, PING_TIMEOUT, TO_ALL, Way, listening};
use tokio::net::TcpListener;

fn main() {
    let options = Options::parse();
    // In a task, since the thread that blocks is a slower place than the runtime's own.
    options.runtime().block_on(async { tokio::spawn(serve(options)).await }).expect("no panic");
}

async fn serve(options: Options) {
    let config = ServerConfig::builder()
        .ping_interval(options.ping_interval())
        .ping_timeout(PING_TIMEOUT)
        .max_payload(MAX_PAYLOAD)
        .build()
        .expect("a legal configuration");
    let server = Server::new(config);
    match options.way {
        Way::Sockets => drop(tokio::spawn(accept(server.clone()))),
        Way::Events => drop(tokio::spawn(echo_events(server.clone()))),
        Way::Handler => server.handle(Echo(server.sessions())),
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listening(listener.local_addr().expect("an address"));
    server.serve(listener).await.expect("a listener that works");
}

async fn accept(server: Server) {
    while let Some(socket) = server.accept().await {
        tokio::spawn(echo(socket, server.sessions()));
    }
}

async fn echo(mut socket: Socket, all: Sessions) {
    while let Some(message) = socket.recv().await {
        if is_to_all(&message) {
            all.broadcast(message);
        } else if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn echo_events(server: Server) {
    let mut events = server.events();
    while let Some(event) = events.next().await {
        if let ServerEvent::Message(sender, message) = event {
            if is_to_all(&message) {
                server.broadcast(message);
            } else {
                answer(&sender, message);
            }
        }
    }
}

struct Echo(Sessions);

impl Handler<()> for Echo {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, session: &Sender, message: Message) {
        if is_to_all(&message) {
            self.0.broadcast(message);
        } else {
            answer(session, message);
        }
    }
}

fn answer(sender: &Sender, message: Message) {
    // A session that is full or closed misses it.
    let _ = sender.try_send(message);
}

fn is_to_all(message: &Message) -> bool {
    message.as_text().is_some_and(|text| text.starts_with(TO_ALL))
}
