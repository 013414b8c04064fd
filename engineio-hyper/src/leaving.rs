//! Polls and WebSockets of other nodes' sessions that leave a server which closes.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;

use engineio_hub::Forward;
use http::Request;

use crate::forward::{CONNECT_TIMEOUT, ForwardedBody, Forwarder};

/// Tells the session's node when it is time, beside what is forwarded.
pub(crate) struct Leaving {
    forwarder: Arc<Forwarder>,
    stage: Stage,
}

enum Stage {
    Staying,
    Telling(Pin<Box<dyn Future<Output = ()> + Send>>),
    Told,
}

impl Leaving {
    pub(crate) const fn new(forwarder: Arc<Forwarder>) -> Self {
        Self { forwarder, stage: Stage::Staying }
    }

    /// Gets on with it. Call it whenever the task is woken.
    pub(crate) fn poll(&mut self, forward: &Forward, cx: &mut Context<'_>) {
        if matches!(self.stage, Stage::Staying) && forward.poll_leave(cx).is_ready() {
            let forwarder = Arc::clone(&self.forwarder);
            let farewell = forward.farewell(forwarder.timer().sleep(CONNECT_TIMEOUT));
            self.stage = Stage::Telling(Box::pin(async move {
                if let Some(head) = farewell.await {
                    let request = Request::from_parts(head, ForwardedBody::none());
                    // Whatever the answer is, what is forwarded ends by itself, or with the server.
                    let _ = forwarder.send(request).await;
                }
            }));
        }
        if let Stage::Telling(telling) = &mut self.stage
            && telling.as_mut().poll(cx).is_ready()
        {
            self.stage = Stage::Told;
        }
    }
}

impl fmt::Debug for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leaving")
    }
}
