//! Clients that send numbered messages, and count what comes back.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use engineio_tokio::{Client, ClientOptions, Transport, connect};
use tokio::time::{sleep, timeout};

use crate::Tally;

/// Opens one session after the other, each for a hundred messages in bursts.
pub(crate) async fn talk(url: String, transports: &'static [Transport], tally: Arc<Tally>) {
    while !tally.is_over.load(Relaxed) {
        let options = ClientOptions::new(&url).transports(transports);
        let Ok(client) = connect(options).await else {
            tally.broken.fetch_add(1, Relaxed);
            sleep(Duration::from_secs(1)).await;
            continue;
        };
        tally.sessions.fetch_add(1, Relaxed);
        tally.open.fetch_add(1, Relaxed);
        session(client, &tally).await;
        tally.open.fetch_sub(1, Relaxed);
    }
}

async fn session(mut client: Client, tally: &Tally) {
    let mut next = 0;
    for burst in 0..BURSTS {
        for number in next..next + EACH {
            // Some are long, so that marks are reached and writes are cut.
            let width = if number % 10 == 9 { 30_000 } else { 10 };
            if client.send(format!("{number:<width$}")).await.is_err() {
                tally.broken.fetch_add(1, Relaxed);
                return;
            }
        }
        for expected in next..next + EACH {
            let Ok(message) = timeout(PATIENCE, client.recv()).await else {
                tally.lost.fetch_add(next + EACH - expected, Relaxed);
                return;
            };
            let Some(message) = message else {
                tally.broken.fetch_add(1, Relaxed);
                return;
            };
            let number = message.as_text().and_then(|text| text.trim_end().parse().ok());
            let counter = if number == Some(expected) { &tally.echoed } else { &tally.reordered };
            counter.fetch_add(1, Relaxed);
        }
        next += EACH;
        // The first ones run across the upgrade; later there are pauses for a heartbeat.
        sleep(Duration::from_millis(50 * burst)).await;
    }
    client.close();
    client.closed().await;
}

const BURSTS: u64 = 10;
const EACH: u64 = 10;

/// Longer than any machine needs for an echo.
const PATIENCE: Duration = Duration::from_secs(60);
