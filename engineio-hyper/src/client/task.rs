//! The one task of a client: starts what the session names, and carries bytes.

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
use crate::{BoxError, Timer};

/// Where a task leaves the last error of the machine.
#[derive(Clone, Debug, Default)]
pub struct Setback(Arc<Mutex<Option<BoxError>>>);

/// Carries a client's session: a future for the one task that it takes.
pub struct Task<R> {
    driver: Driver,
    requests: R,
    /// Requests under way.
    flights: Vec<Flight>,
    sockets: Vec<Carrier<Upgraded>>,
    timer: Timer,
    sleep: Option<Pin<Box<dyn Sleep>>>,
    setback: Setback,
}

struct Flight {
    conn: ConnId,
    landing: Pin<Box<dyn Future<Output = Landing> + Send>>,
}

/// What came of a request.
enum Landing {
    Answered(Parts, Bytes),
    Switched(Parts, Upgraded),
    Failed(Failure, BoxError),
}

impl Setback {
    /// The last error of the machine, if there was one.
    pub fn take(&self) -> Option<BoxError> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<BoxError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Requests> Task<R> {
    /// The task of this driver, which makes its requests so.
    pub fn new(driver: Driver, requests: R, timer: Timer, setback: Setback) -> Self {
        let (flights, sockets) = (Vec::new(), Vec::new());
        Self { driver, requests, flights, sockets, timer, sleep: None, setback }
    }

    fn take_off(&mut self, conn: ConnId, start: Start) {
        let (request, upgrades) = match start {
            Start::Request(request) => (request, false),
            Start::WebSocket(request) => (request, true),
        };
        let request = self.requests.request(request.map(Full::new));
        let limit = self.driver.body_limit();
        let landing = Box::pin(async move {
            let mut response = match request.await {
                Ok(response) => response,
                Err(error) => return Landing::Failed(Failure::Gone, error),
            };
            if upgrades && response.status() == StatusCode::SWITCHING_PROTOCOLS {
                let upgraded = hyper::upgrade::on(&mut response).await;
                let (parts, _) = response.into_parts();
                return match upgraded {
                    Ok(upgraded) => Landing::Switched(parts, upgraded),
                    Err(error) => Landing::Failed(Failure::Gone, error.into()),
                };
            }
            let (parts, body) = response.into_parts();
            match Limited::new(body, limit).collect().await {
                Ok(body) => Landing::Answered(parts, body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => {
                    Landing::Failed(Failure::TooLarge, error)
                }
                Err(error) => Landing::Failed(Failure::Gone, error),
            }
        });
        self.flights.push(Flight { conn, landing });
    }

    fn land(&mut self, conn: ConnId, landing: Landing) {
        match landing {
            Landing::Answered(parts, body) => self.driver.answered(conn, &parts, body),
            Landing::Switched(parts, upgraded) => {
                if let Some(framed) = self.driver.switched(conn, &parts) {
                    self.sockets.push(Carrier::new(upgraded, framed));
                }
            }
            Landing::Failed(why, error) => {
                // First, so that whoever hears of the end finds it.
                *self.setback.lock() = Some(error);
                self.driver.failed(conn, why);
            }
        }
    }

    /// Gives every request a turn. Whether any has landed.
    fn poll_flights(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_landed = false;
        let mut place = 0;
        while let Some(flight) = self.flights.get_mut(place) {
            let conn = flight.conn;
            if self.driver.is_given_up(conn) {
                self.flights.swap_remove(place);
            } else if let Poll::Ready(landing) = flight.landing.as_mut().poll(cx) {
                self.flights.swap_remove(place);
                self.land(conn, landing);
                has_landed = true;
            } else {
                place += 1;
            }
        }
        has_landed
    }

    /// Whether time has passed that the session waits for.
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
                    Poll::Ready(Some((conn, start))) => task.take_off(conn, start),
                    Poll::Ready(None) => break true,
                    Poll::Pending => break false,
                }
            };
            let has_landed = task.poll_flights(cx);
            task.sockets.retain_mut(|socket| socket.poll(cx).is_pending());
            if is_over && task.sockets.is_empty() {
                return Poll::Ready(());
            }
            if !has_landed && !task.poll_timeout(cx) {
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
