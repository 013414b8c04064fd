//! Where the nodes are: each has a key that expires.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engineio_hub::cluster::{Directory, Locating, is_node_url};
use engineio_proto::NodeTag;
use http::Uri;
use redis::RedisResult;
use redis::aio::ConnectionManager;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::{JoinError, Redis};

/// The keys of the nodes of this process.
#[derive(Default)]
pub(crate) struct Leases {
    state: Mutex<State>,
    added: Notify,
}

#[derive(Default)]
struct State {
    urls: HashMap<String, String>,
    /// Keys were gone that should have been there, so Redis has lost its data. Other nodes may not
    /// have renewed theirs until then.
    unsure_until: Option<Instant>,
}

impl Leases {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the keys, so that nobody waits for them to expire.
    pub(crate) async fn end(&self, mut connection: ConnectionManager) {
        let keys: Vec<_> = self.state().urls.drain().map(|(key, _)| key).collect();
        for key in keys {
            let _ = redis::cmd("DEL").arg(key).query_async::<()>(&mut connection).await;
        }
    }

    /// Whether Redis would know of a node that lives: it also has what it was told of this process.
    async fn is_sure(&self, connection: &mut ConnectionManager) -> bool {
        let own = {
            let state = self.state();
            if state.unsure_until.is_some_and(|until| Instant::now() < until) {
                return false;
            }
            state.urls.keys().next().cloned()
        };
        let Some(own) = own else { return true };
        redis::cmd("EXISTS").arg(own).query_async(connection).await.unwrap_or(false)
    }

    /// Renews a key. A key that `was_there` and is gone shows that Redis has lost its data.
    async fn renew(
        &self,
        connection: &mut ConnectionManager,
        key: &str,
        url: &str,
        was_there: bool,
    ) -> RedisResult<()> {
        let lease = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let mut set = redis::cmd("SET");
        set.arg(key).arg(url).arg("PX").arg(lease).arg("GET");
        let before: Option<String> = set.query_async(connection).await?;
        if was_there && before.is_none() {
            self.state().unsure_until = Some(Instant::now() + RENEWAL * 2);
        }
        Ok(())
    }
}

impl Redis {
    /// Tells who asks that the node of this tag listens here, until the last clone of this is
    /// dropped, or for 5 s after the end of this process. Give the server this tag by
    /// `ServerConfig::node`, and the `http` URL at which the other nodes reach it.
    ///
    /// # Errors
    ///
    /// If Redis doesn't take it, or the URL has another scheme or no host.
    pub async fn announce(&self, tag: NodeTag, url: Uri) -> Result<(), JoinError> {
        if !is_node_url(&url) {
            return Err(JoinError::InvalidUrl);
        }
        let (key, url) = (self.key(tag), url.to_string());
        let leases = &self.shared.leases;
        leases.renew(&mut self.shared.connection.clone(), &key, &url, false).await?;
        leases.state().urls.insert(key, url);
        leases.added.notify_one();
        Ok(())
    }

    fn key(&self, tag: NodeTag) -> String {
        format!("{}n.{}", self.shared.prefix, tag.as_str())
    }
}

impl Directory for Redis {
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a> {
        Box::pin(async move {
            let (key, mut connection) = (self.key(*node), self.shared.connection.clone());
            loop {
                let mut get = redis::cmd("GET");
                let found = get.arg(&key).query_async::<Option<String>>(&mut connection).await;
                match found {
                    Ok(Some(url)) => return url.parse().ok(),
                    Ok(None) if self.shared.leases.is_sure(&mut connection).await => return None,
                    Ok(None) | Err(_) => sleep(PAUSE).await,
                }
            }
        })
    }
}

/// Renews the keys, in time and after Redis was away.
pub(crate) async fn renew(leases: Arc<Leases>, mut connection: ConnectionManager) {
    loop {
        let urls: Vec<_> = leases.state().urls.clone().into_iter().collect();
        let mut has_failed = false;
        for (key, url) in &urls {
            has_failed |= leases.renew(&mut connection, key, url, true).await.is_err();
        }
        let pause = if has_failed { PAUSE } else { RENEWAL };
        let _ = timeout(pause, leases.added.notified()).await;
    }
}

/// How long a key outlives its node.
const LEASE: Duration = Duration::from_secs(5);

/// Three may fail.
const RENEWAL: Duration = Duration::from_millis(1500);

/// Between two attempts while Redis is away.
const PAUSE: Duration = Duration::from_millis(200);
