//! A node whose sessions are members of one group.

use std::io;
use std::time::Duration;

use engineio_nats::Nats;
use engineio_redis::Redis;
use engineio_tokio::{Group, Handler, Handshake, Message, Refusal, Sender, Server, ServerConfig};
use tokio::net::TcpListener;

/// What a session says to become a member. Anything else that one says is for the group.
pub(crate) const JOIN: &str = "join";

struct Room(Group);

impl Handler<()> for Room {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, sender: &Sender, message: Message) {
        if message.as_text() == Some(JOIN) {
            self.0.join(sender.sid());
        } else {
            self.0.send(message);
        }
    }
}

/// Is a node over the bus at this URL, or `none`.
pub(crate) async fn serve(bus: &str) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    // No client answers a ping.
    let hour = Duration::from_secs(3600);
    let config = ServerConfig::builder().ping_interval(hour).build().expect("it makes sense");
    let builder = Server::builder(config);
    let builder = if bus.starts_with("nats:") {
        let client = async_nats::connect(bus).await.expect("a running nats-server");
        builder.bus(Nats::join(client, "bench").expect("a name"))
    } else if bus.starts_with("redis:") {
        builder.bus(Redis::join(bus, "bench").await.expect("a running redis-server"))
    } else {
        builder
    };
    let server: Server = builder.build();
    server.handle(Room(server.group("room")));
    println!("{}", listener.local_addr()?);
    server.serve(listener).await
}
