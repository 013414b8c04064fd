//! The server, the driver of its deadlines, and its applications.

use core::future::poll_fn;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use engineio_hub::{Hub, Incoming, Observer, Socket, WeakHub};
use engineio_proto::{Instant, ServerConfig, ServerConfigBuilder};
use http::Request;
use http::request::Builder;

use super::binding::{Call, Slot, serve};
use super::executor::{Executor, Task};
use super::log::Log;
use super::time::Time;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) hub: Hub<u32>,
    pub(crate) time: Arc<Time>,
    pub(crate) executor: Executor,
    pub(crate) log: Log,
    pub(crate) driver: Arc<Task>,
    /// The capacity of every connection that becomes a WebSocket, in bytes each way.
    capacity: Arc<AtomicUsize>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|config| config)
    }

    pub(crate) fn with(change: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder) -> Self {
        let log = Log::default();
        Self::observed(change, log.clone(), log)
    }

    /// Makes a world with this observer.
    pub(crate) fn observed(
        change: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder,
        observer: impl Observer,
        log: Log,
    ) -> Self {
        let config = change(ServerConfig::builder()).build().unwrap();
        let time = Arc::new(Time::default());
        let clock = Arc::clone(&time);
        let hub = Hub::new(config, move || clock.now(), Box::new(observer));
        let executor = Executor::new(Arc::clone(&time));
        let driver = executor.spawn(drive(hub.downgrade(), Arc::clone(&time)));
        let capacity = Arc::new(AtomicUsize::new(4096));
        Self { hub, time, executor, log, driver, capacity }
    }

    /// Makes a world with both water marks at 1 KiB.
    pub(crate) fn narrow() -> Self {
        Self::with(|config| {
            config.outbox_high_water(1024).outbox_low_water(1024).inbox_high_water(1024)
        })
    }

    /// Runs a test to its end.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        main: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.executor.run(1, main)
    }

    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Arc<Task> {
        self.executor.spawn(future)
    }

    pub(crate) fn now(&self) -> Instant {
        self.time.now()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.now().since_zero()
    }

    pub(crate) async fn sleep(&self, wait: Duration) {
        self.time.sleep_until(self.now() + wait).await;
    }

    /// Lets all tasks run that can, in as little time as possible.
    pub(crate) async fn settle(&self) {
        self.sleep(Duration::from_nanos(1)).await;
    }

    /// Sets how many bytes new connections hold each way.
    pub(crate) fn set_capacity(&self, bytes: usize) {
        self.capacity.store(bytes, SeqCst);
    }

    /// Sends a request whose body comes later.
    pub(crate) fn begin(&self, request: Request<()>) -> Call {
        let (body, reply) = (Slot::new(), Slot::new());
        let capacity = self.capacity.load(SeqCst);
        let (parts, ()) = request.into_parts();
        let serving = serve(self.hub.clone(), parts, body.clone(), reply.clone(), capacity);
        Call { server: self.spawn(serving), body, reply, is_over: false }
    }

    pub(crate) fn get(&self, query: &str) -> Call {
        self.begin(request("GET", query).body(()).unwrap())
    }

    pub(crate) fn post(&self, query: &str, body: impl Into<Bytes>) -> Call {
        let call = self.begin(request("POST", query).body(()).unwrap());
        call.body.set(Ok(body.into()));
        call
    }

    pub(crate) fn websocket(&self, query: &str) -> Call {
        self.begin(websocket_request(query).body(()).unwrap())
    }

    pub(crate) async fn incoming(&self) -> Option<Incoming<u32>> {
        poll_fn(|cx| self.hub.poll_incoming(cx)).await
    }

    pub(crate) async fn accept(&self) -> Socket<u32> {
        self.incoming().await.unwrap().accept_with(0).unwrap()
    }

    /// Accepts everyone and sends everything back.
    pub(crate) fn echo(&self) {
        let world = self.clone();
        self.spawn(async move {
            while let Some(incoming) = world.incoming().await {
                if let Some(socket) = incoming.accept_with(0) {
                    world.spawn(echo(socket));
                }
            }
        });
    }
}

pub(crate) fn request(method: &str, query: &str) -> Builder {
    Request::builder().method(method).uri(format!("/engine.io/?{query}")).header("host", "a.test")
}

pub(crate) fn websocket_request(query: &str) -> Builder {
    request("GET", query)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// Sends everything back.
pub(crate) async fn echo(mut socket: Socket<u32>) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// Runs the hub's deadlines while the hub exists.
async fn drive(hub: WeakHub<u32>, time: Arc<Time>) {
    let mut timer = time.timer();
    poll_fn(|cx| {
        loop {
            let Some(hub) = hub.upgrade() else { return Poll::Ready(()) };
            let Some(next) = hub.expire(cx) else {
                timer.stop();
                return Poll::Pending;
            };
            if timer.poll(next, cx.waker()).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
}
