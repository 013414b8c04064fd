//! `engineio-sync`: with one thread, a driver runs it.

use std::thread;

use clap::Parser as _;
use engineio_sync::{
    Events, Handler, Handshake, Message, Refusal, Sender, Server, ServerConfig, ServerEvent,
    Sessions, Socket,
};
use server_options::{MAX_PAYLOAD, Options, PING_TIMEOUT, TO_ALL, Way, listening};

fn main() {
    let options = Options::parse();
    let config = ServerConfig::builder()
        .ping_interval(options.ping_interval())
        .ping_timeout(PING_TIMEOUT)
        .max_payload(MAX_PAYLOAD)
        .build()
        .expect("a legal configuration");
    let builder = Server::builder(config);
    if !options.one_thread {
        let server: Server = builder.bind("127.0.0.1:0").expect("a free port");
        listening(server.local_addr());
        match options.way {
            Way::Sockets => accept(&server),
            Way::Events => server.events().for_each(|event| answer_event(&server, event)),
            Way::Handler => {
                server.handle(Echo(server.sessions()));
                thread::park();
            }
        }
        return;
    }
    let (server, mut driver) = builder.bind_driven::<()>("127.0.0.1:0").expect("a free port");
    listening(server.local_addr());
    match options.way {
        Way::Sockets => panic!("a socket that waits needs a thread"),
        Way::Events => {
            let mut events: Events = server.events();
            while driver.turn(None) {
                while let Ok(event) = events.try_next() {
                    answer_event(&server, event);
                }
            }
        }
        Way::Handler => {
            server.handle(Echo(server.sessions()));
            driver.run();
        }
    }
}

fn accept(server: &Server) {
    while let Some(socket) = server.accept() {
        let all = server.sessions();
        thread::Builder::new().stack_size(64 << 10).spawn(|| echo(socket, all)).expect("a thread");
    }
}

fn echo(mut socket: Socket, all: Sessions) {
    while let Some(message) = socket.recv() {
        if is_to_all(&message) {
            all.broadcast(message);
        } else if socket.send(message).is_err() {
            break;
        }
    }
}

fn answer_event(server: &Server, event: ServerEvent) {
    if let ServerEvent::Message(sender, message) = event {
        if is_to_all(&message) {
            server.broadcast(message);
        } else {
            answer(&sender, message);
        }
    }
}

struct Echo(Sessions);

impl Handler for Echo {
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
