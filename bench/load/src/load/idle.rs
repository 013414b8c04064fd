use std::io;
use std::time::Duration;

use tokio::time::sleep;

use super::Outcome;
use super::http::{Http, POLLING, sid};
use super::websocket::WebSocket;
use crate::cost;
use crate::servers::Running;

pub(super) async fn websockets(server: &Running, clients: usize) -> io::Result<Outcome> {
    let mut sockets = Vec::new();
    weigh(server, clients, async || {
        sockets.push(WebSocket::open(server.address()).await?);
        Ok(())
    })
    .await
}

pub(super) async fn polls(server: &Running, clients: usize) -> io::Result<Outcome> {
    let mut polls = Vec::new();
    weigh(server, clients, async || {
        let mut http = Http::connect(server.address()).await?;
        let open = http.get(POLLING).await?;
        http.send(&format!("{POLLING}&sid={}", sid(&open)?)).await?;
        polls.push(http);
        Ok(())
    })
    .await
}

/// What each session takes, when a tenth of them was there already.
async fn weigh(
    server: &Running,
    clients: usize,
    mut open: impl AsyncFnMut() -> io::Result<()>,
) -> io::Result<Outcome> {
    for _ in 0..clients / 10 {
        open().await?;
    }
    let before = settled(server).await?;
    for _ in 0..clients {
        open().await?;
    }
    let after = settled(server).await?;
    Ok(Outcome { value: after.saturating_sub(before) as f64 / clients as f64, p99: None })
}

async fn settled(server: &Running) -> io::Result<u64> {
    sleep(Duration::from_millis(300)).await;
    cost::rss(server.id())
}
