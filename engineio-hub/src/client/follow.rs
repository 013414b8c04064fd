//! Connecting to where a client is redirected.

use std::future::Future;

use engineio_proto::ClientCloseReason;

use super::client::Client;
use super::error::ConnectError;
use super::options::{ClientOptions, Plan};
use super::redirect::Redirects;
use super::request::Remote;

/// Connects by these attempts: the first goes to the options' server, and each other one to where
/// the one before was redirected.
///
/// # Errors
///
/// That of the last attempt, and every error of [`ClientOptions::plan`].
pub async fn follow<F>(
    options: ClientOptions,
    attempt: impl Fn(Plan) -> F,
) -> Result<Client, ConnectError>
where
    F: Future<Output = Result<Client, ConnectError>>,
{
    let mut plan = options.plan()?;
    for _ in 0..MOST {
        match attempt(plan.clone()).await {
            Ok(client) => return Ok(client),
            Err(error) => match redirected(&plan, &error) {
                Some(remote) => plan = plan.towards(remote)?,
                None => return Err(error),
            },
        }
    }
    attempt(plan).await
}

/// Where a client is redirected to, if it may go there.
fn redirected(plan: &Plan, error: &ConnectError) -> Option<Remote> {
    let ConnectError::Closed { reason: ClientCloseReason::Refused(refused), .. } = error else {
        return None;
    };
    let location = refused.location.as_deref()?;
    if !matches!(refused.status, 301 | 302 | 307 | 308) {
        return None;
    }
    let there = plan.remote.resolve(location, plan.config.path())?;
    let is_downgrade = plan.remote.is_secure() && !there.is_secure();
    let is_allowed = match plan.redirects {
        Redirects::None => false,
        Redirects::SameHost => there.has_host_of(&plan.remote),
        Redirects::AnyHost => true,
    };
    (is_allowed && !is_downgrade).then_some(there)
}

/// As many as `fetch` and others follow at least, and far more than any server needs.
const MOST: usize = 5;
