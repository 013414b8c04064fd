//! The task of a client: starts the requests that the session asks for, and moves bytes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use engineio_hub::client::{Driver, Start};
use engineio_proto::{ConnId, Failure};
use http::StatusCode;
use http::response::Parts;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::rt::Sleep;
use hyper::upgrade::Upgraded;

use super::Requests;
use crate::websocket::Carrier;
use crate::{BoxError, Timer, Yield};

/// Holds the last error that a task met while connecting or sending requests.
#[derive(Clone, Debug, Default)]
pub struct LastError(Arc<Mutex<Option<BoxError>>>);

/// Carries a client's session, as a future to spawn.
pub struct Task<R> {
    driver: Driver,
    requests: R,
    /// Requests under way.
    running: Vec<RunningRequest>,
    sockets: Vec<Carrier<Upgraded>>,
    timer: Timer,
    yield_turn: Yield,
    sleep: Option<Pin<Box<dyn Sleep>>>,
    last_error: LastError,
}

struct RunningRequest {
    conn: ConnId,
    outcome: Pin<Box<dyn Future<Output = Outcome> + Send>>,
}

/// The outcome of a request.
enum Outcome {
    Answered(Parts, Bytes),
    Switched(Parts, Upgraded),
    Failed(Failure, BoxError),
}

impl LastError {
    /// Takes the last error, if there was one.
    pub fn take(&self) -> Option<BoxError> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<BoxError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Requests> Task<R> {
    /// Makes the task for a driver.
    pub fn new(
        driver: Driver,
        requests: R,
        timer: Timer,
        yield_turn: Yield,
        last_error: LastError,
    ) -> Self {
        let (running, sockets) = (Vec::new(), Vec::new());
        Self { driver, requests, running, sockets, timer, yield_turn, sleep: None, last_error }
    }

    fn start(&mut self, conn: ConnId, start: Start) {
        let (request, upgrades) = match start {
            Start::Request(request) => (request, false),
            Start::WebSocket(request) => (request, true),
        };
        let request = self.requests.request(request.map(Full::new));
        let limit = self.driver.body_limit();
        let outcome = Box::pin(async move {
            let mut response = match request.await {
                Ok(response) => response,
                Err(error) => return Outcome::Failed(Failure::Gone, error),
            };
            if upgrades && response.status() == StatusCode::SWITCHING_PROTOCOLS {
                let upgraded = hyper::upgrade::on(&mut response).await;
                let (parts, _) = response.into_parts();
                return match upgraded {
                    Ok(upgraded) => Outcome::Switched(parts, upgraded),
                    Err(error) => Outcome::Failed(Failure::Gone, error.into()),
                };
            }
            let (parts, body) = response.into_parts();
            match Limited::new(body, limit).collect().await {
                Ok(body) => Outcome::Answered(parts, body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => {
                    Outcome::Failed(Failure::TooLarge, error)
                }
                Err(error) => Outcome::Failed(Failure::Gone, error),
            }
        });
        self.running.push(RunningRequest { conn, outcome });
    }

    fn finish(&mut self, conn: ConnId, outcome: Outcome) {
        match outcome {
            Outcome::Answered(parts, body) => self.driver.answered(conn, &parts, body),
            Outcome::Switched(parts, upgraded) => {
                if let Some(framed) = self.driver.switched(conn, &parts) {
                    self.sockets.push(Carrier::new(upgraded, framed, self.yield_turn));
                }
            }
            Outcome::Failed(why, error) => {
                // First, so that it is there when the end becomes known.
                *self.last_error.lock() = Some(error);
                self.driver.failed(conn, why);
            }
        }
    }

    /// Gives every request a turn. Returns whether any has finished.
    fn poll_requests(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_finished = false;
        let mut place = 0;
        while let Some(request) = self.running.get_mut(place) {
            let conn = request.conn;
            if self.driver.is_given_up(conn) {
                self.running.swap_remove(place);
            } else if let Poll::Ready(outcome) = request.outcome.as_mut().poll(cx) {
                self.running.swap_remove(place);
                self.finish(conn, outcome);
                has_finished = true;
            } else {
                place += 1;
            }
        }
        has_finished
    }

    /// Whether the session's deadline has come.
    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(left) = self.driver.time_left() else { return false };
        let sleep = self.sleep.insert(self.timer.sleep(left));
        sleep.as_mut().poll(cx).is_ready()
    }
}

impl<R: Requests> Future for Task<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let task = &mut *self;
        loop {
            let is_over = loop {
                match task.driver.poll_start(cx) {
                    Poll::Ready(Some((conn, start))) => task.start(conn, start),
                    Poll::Ready(None) => break true,
                    Poll::Pending => break false,
                }
            };
            let has_finished = task.poll_requests(cx);
            task.sockets.retain_mut(|socket| socket.poll(cx).is_pending());
            if is_over && task.sockets.is_empty() {
                return Poll::Ready(());
            }
            if !has_finished && !task.poll_timeout(cx) {
                return Poll::Pending;
            }
        }
    }
}

impl<R> fmt::Debug for Task<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("driver", &self.driver).finish_non_exhaustive()
    }
}
