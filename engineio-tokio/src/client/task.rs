//! The one task of a client: starts what the session names, and carries bytes.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use engineio_hub::client::{Driver, Start};
use engineio_proto::client::{ConnId, Failure};
use http::StatusCode;
use http::response::Parts;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::{Sleep, sleep};

use super::connector::Http;
use crate::clock::TokioClock;
use crate::websocket::Carrier;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Where a task leaves the last error of the machine.
pub(super) type Setback = Arc<Mutex<Option<BoxError>>>;

pub(super) struct Task {
    driver: Driver,
    http: Http,
    clock: TokioClock,
    /// Requests under way.
    flights: Vec<Flight>,
    sockets: Vec<Carrier<TokioIo<Upgraded>>>,
    sleep: Pin<Box<Sleep>>,
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

impl Task {
    pub(super) fn new(driver: Driver, http: Http, clock: TokioClock, setback: Setback) -> Self {
        let sleep = Box::pin(sleep(std::time::Duration::ZERO));
        let (flights, sockets) = (Vec::new(), Vec::new());
        Self { driver, http, clock, flights, sockets, sleep, setback }
    }

    fn take_off(&mut self, conn: ConnId, start: Start) {
        let (request, upgrades) = match start {
            Start::Request(request) => (request, false),
            Start::WebSocket(request) => (request, true),
        };
        let request = self.http.request(request.map(Full::new));
        let limit = self.driver.body_limit();
        let landing = Box::pin(async move {
            let mut response = match request.await {
                Ok(response) => response,
                Err(error) => return Landing::Failed(Failure::Gone, error.into()),
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
                    self.sockets.push(Carrier::new(TokioIo::new(upgraded), framed));
                }
            }
            Landing::Failed(why, error) => {
                // First, so that whoever hears of the end finds it.
                *self.setback.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
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
        let at = self.driver.timeout().and_then(|at| self.clock.when(at));
        // Nothing is due, or only at a time that never comes.
        let Some(at) = at else { return false };
        self.sleep.as_mut().reset(at);
        self.sleep.as_mut().poll(cx).is_ready()
    }
}

impl Future for Task {
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
