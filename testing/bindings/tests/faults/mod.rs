//! Connections that break anywhere, peers that stand still, and clients that come and go.
//!
//! Afterwards there is no session, no task, no thread and no descriptor more than before, the heap
//! is as it was, and each session was told to have ended, once and for a reason that fits. That is
//! counted for the whole process, so these tests have one of their own, and run one by one.

mod client;
mod coming_and_going;
mod long_client;
mod offsets;
mod process;
mod reasons;
mod slow;
mod stalling;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peer::{until, within};
use tokio::task::JoinHandle;

use crate::engineio::{
    Server, ServerCloseReason, ServerConfig, ServerConfigBuilder, ServerEvent, serve,
};

/// How often sessions ended for each reason.
type Ends = Arc<Mutex<BTreeMap<&'static str, usize>>>;

/// A server that sends everything back, and counts.
struct Echo {
    server: Server,
    address: SocketAddr,
    ends: Ends,
    telling: JoinHandle<()>,
}

impl Echo {
    async fn start(config: ServerConfigBuilder) -> Self {
        let server = Server::new(config.build().expect("a legal configuration"));
        let mut events = server.events();
        let ends = Ends::default();
        let counting = Arc::clone(&ends);
        let telling = tokio::spawn(async move {
            let mut open = BTreeMap::new();
            while let Some(event) = events.next().await {
                match event {
                    ServerEvent::Connect(sender) => {
                        let sid = sender.sid().as_str().to_owned();
                        assert_eq!(open.insert(sid, 0), None, "opened once");
                    }
                    ServerEvent::Message(sender, message) => {
                        assert!(open.contains_key(sender.sid().as_str()), "between the two");
                        let _ = sender.try_send(message);
                    }
                    ServerEvent::Upgrade(..) => {}
                    ServerEvent::Disconnect(sender, reason) => {
                        let known = open.remove(sender.sid().as_str());
                        assert!(known.is_some(), "closed once, and after it was opened");
                        assert_eq!(sender.close_reason().as_ref(), Some(&reason));
                        *counting.lock().expect("no panic").entry(name(&reason)).or_default() += 1;
                    }
                    other => panic!("unexpected {other:?}"),
                }
            }
            assert_eq!(open.len(), 0, "each session was told to have ended");
        });
        let address = serve(&server).await.0;
        Self { server, address, ends, telling }
    }

    /// Waits until no session is left.
    async fn is_left_alone(&self) {
        until(|| self.server.is_empty()).await;
    }

    /// Closes it. Returns why the sessions ended.
    async fn end(self) -> BTreeMap<&'static str, usize> {
        within(self.server.close(Duration::ZERO)).await;
        within(self.telling).await.expect("no panic");
        self.ends.lock().expect("no panic").clone()
    }
}

const fn name(reason: &ServerCloseReason) -> &'static str {
    reason.name()
}

/// Settings under which whoever says nothing is soon given up.
fn hasty() -> ServerConfigBuilder {
    let soon = Duration::from_millis(150);
    ServerConfig::builder()
        .ping_interval(soon)
        .ping_timeout(soon)
        .upgrade_timeout(soon)
        .accept_timeout(Duration::from_secs(5))
        .body_timeout(soon)
        .poll_grace(soon)
        .stall_timeout(soon)
        .close_timeout(soon)
        .linger(soon)
}

/// What a broken connection may be to its session. Anything else would be somebody else's fault.
const BROKEN: [&str; 4] = ["abandoned", "peer", "ping_timeout", "transport_lost"];

fn assert_only(ends: &BTreeMap<&'static str, usize>, allowed: &[&str]) {
    println!("sessions ended: {ends:?}");
    assert!(!ends.is_empty(), "no session ended");
    let other = ends.keys().find(|reason| !allowed.contains(reason));
    assert_eq!(other, None, "{ends:?}");
}
