//! The figures that an observer gets of a whole server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use peer::{Frame, Peer, session, until};

use crate::engineio::{Observer, Sample, Server, Sid, Traffic};
use crate::suite::{WEBSOCKET, accept, config, listen};

/// The last sample, with the traffic of all.
#[derive(Clone, Default)]
struct Figures(Arc<Mutex<Sample>>, Arc<Mutex<Vec<Duration>>>);

impl Observer for Figures {
    fn wants_samples(&self) -> bool {
        true
    }

    fn sampled(&self, sample: &Sample) {
        let mut last = self.0.lock().expect("no panic");
        let mut traffic = last.traffic;
        traffic.add(sample.traffic);
        *last = *sample;
        last.traffic = traffic;
    }

    fn heartbeat(&self, _sid: &Sid, round_trip: Duration) {
        self.1.lock().expect("no panic").push(round_trip);
    }
}

impl Figures {
    async fn until(&self, is_so: impl Fn(&Sample, &Traffic) -> bool) {
        until(|| {
            let sample = self.0.lock().expect("no panic");
            is_so(&sample, &sample.traffic)
        })
        .await;
    }
}

#[tokio::test]
async fn sessions_messages_and_heartbeats_are_counted() {
    let figures = Figures::default();
    let config = config().ping_interval(Duration::from_millis(300)).build();
    let config = config.expect("a legal configuration");
    let server = Server::builder(config).observer(figures.clone()).build();
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    let mut websocket = Peer::connect(address).await;
    websocket.upgrade(WEBSOCKET).await.expect(101);
    websocket.frame().await;
    websocket.say("4hello").await;
    let mut pings = 0;
    // The echo and a ping come in either order.
    for _ in 0..2 {
        match websocket.frame().await {
            Frame::Text(text) if text == "2" => {
                websocket.say("3").await;
                pings += 1;
            }
            frame => assert_eq!(frame, Frame::text("4hello")),
        }
    }
    assert_eq!(pings, 1);
    until(|| !figures.1.lock().expect("no panic").is_empty()).await;
    let (_polling, _target) = session(address).await;
    figures.until(|sample, _| (sample.polling, sample.websocket) == (1, 1)).await;
    figures
        .until(|_, traffic| {
            let Traffic { messages_received, bytes_received, messages_sent, bytes_sent, .. } =
                *traffic;
            (messages_received, bytes_received) == (1, 5) && (messages_sent, bytes_sent) == (1, 5)
        })
        .await;
    drop(websocket);
    figures.until(|sample, _| sample.websocket == 0).await;
}
