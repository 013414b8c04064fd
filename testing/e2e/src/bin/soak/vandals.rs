//! Clients that leave in wrong ways, or stay in them.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use peer::{get, upgrade};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::Tally;

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

/// Breaks off after one more byte each time, by a reset or in silence.
pub(crate) async fn come_and_go(authority: String, tally: Arc<Tally>) {
    let requests = [get(POLLING), upgrade(WEBSOCKET) + "\u{1}", "nonsense\r\n\r\n".to_owned()];
    let mut number = 0;
    while !tally.is_over.load(Relaxed) {
        number += 1;
        let request = requests[number % requests.len()].as_bytes();
        let Ok(mut stream) = TcpStream::connect(&authority).await else { continue };
        let _ = stream.write_all(&request[..number % (request.len() + 1)]).await;
        let _ = timeout(Duration::from_millis(5), stream.read(&mut [0; 64])).await;
        if number % 2 == 0 {
            let _ = stream.set_zero_linger();
        }
        tally.vandalized.fetch_add(1, Relaxed);
    }
}

/// Sends what will be sent back, and reads nothing of it for a while.
pub(crate) async fn read_nothing(authority: String, tally: Arc<Tally>) {
    // A binary frame of 60,000 bytes, masked with zeros.
    let mut frame = vec![0x82, 0x80 | 126];
    frame.extend(60_000_u16.to_be_bytes());
    frame.resize(frame.len() + 4 + 60_000, 0);
    while !tally.is_over.load(Relaxed) {
        let Ok(mut stream) = TcpStream::connect(&authority).await else { continue };
        let _ = stream.write_all(upgrade(WEBSOCKET).as_bytes()).await;
        let writing = async { while stream.write_all(&frame).await.is_ok() {} };
        let _ = timeout(Duration::from_secs(3), writing).await;
        tally.vandalized.fetch_add(1, Relaxed);
        sleep(Duration::from_millis(100)).await;
    }
}
