//! When sessions' deadlines are run.

use std::time::Duration;

use engineio_proto::Packet;

use crate::common::websocket::{Seen, WebSocket};
use crate::common::world::World;

#[test]
fn pings_that_are_due_within_ten_milliseconds_leave_together() {
    let world = World::with(|config| config.ping_interval(Duration::from_secs(25)));
    world.echo();
    let client = world.clone();
    world.run(async move {
        let apart = Duration::from_millis(3);
        client.sleep(apart).await;
        let mut first = WebSocket::open(&client).await;
        client.sleep(apart).await;
        let mut second = WebSocket::open(&client).await;
        client.sleep(apart).await;
        let mut third = WebSocket::open(&client).await;
        let mut times = Vec::new();
        for socket in [&mut first, &mut second, &mut third] {
            assert!(matches!(socket.next().await, Seen::Packet(Packet::Ping(_))));
            times.push(client.elapsed());
        }
        assert_eq!(times, [Duration::from_millis(25_010); 3]);
    });
}
