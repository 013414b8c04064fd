use std::io;
use std::net::SocketAddr;

use super::http::{Http, POLLING, sid};
use super::{Left, Outcome, repeat};
use crate::servers::Running;

pub(super) async fn run(server: &Running, closes: bool) -> io::Result<Outcome> {
    repeat(server, SESSIONS, 16, |address, left| work(address, left, closes)).await
}

async fn work(address: SocketAddr, left: Left, closes: bool) -> io::Result<()> {
    let mut http = Http::connect(address).await?;
    while left.take() {
        let open = http.get(POLLING).await?;
        if closes {
            http.post(&format!("{POLLING}&sid={}", sid(&open)?), "1").await?;
        }
    }
    Ok(())
}

/// Few enough to be left open in any server's memory.
const SESSIONS: u64 = 15_000;
