//! Connections of HTTP/2 that nobody uses.
//!
//! Over HTTP/1 a connection waits for one head at a time, which has its limit. One of HTTP/2
//! stays open as long as its peer answers pings, so what its streams do is watched here.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::service::Service;
use pin_project_lite::pin_project;
use tokio::time::{Instant, sleep_until};

/// What the streams of one connection do.
#[derive(Debug)]
pub(crate) struct Activity {
    start: Instant,
    /// How many requests wait for their answers.
    waiting: AtomicUsize,
    /// When something last moved, in milliseconds after the start.
    moved: AtomicU64,
}

impl Activity {
    pub(crate) fn begin() -> Arc<Self> {
        let (waiting, moved) = (AtomicUsize::new(0), AtomicU64::new(0));
        Arc::new(Self { start: Instant::now(), waiting, moved })
    }

    /// Notes that something moved just now.
    pub(crate) fn moved(&self) {
        let millis = self.start.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        self.moved.store(millis, SeqCst);
    }

    /// Waits until for this long no request has waited for its answer and no part of an answer has
    /// left.
    pub(crate) async fn idle_for(&self, patience: Duration) {
        loop {
            let until = self.idle_since() + patience;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn idle_since(&self) -> Instant {
        if self.waiting.load(SeqCst) > 0 {
            return Instant::now();
        }
        self.start + Duration::from_millis(self.moved.load(SeqCst))
    }
}

/// Keeps a connection from being idle. A request for a WebSocket brings one among its extensions.
#[derive(Debug)]
pub(crate) struct InUse(Arc<Activity>);

impl InUse {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.waiting.fetch_add(1, SeqCst);
        Self(Arc::clone(activity))
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.moved();
        self.0.waiting.fetch_sub(1, SeqCst);
    }
}

/// A service that notes what it does for its connection.
#[derive(Debug)]
pub(crate) struct Tracked<S> {
    service: S,
    activity: Arc<Activity>,
}

impl<S> Tracked<S> {
    pub(crate) fn new(service: S, activity: &Arc<Activity>) -> Self {
        Self { service, activity: Arc::clone(activity) }
    }
}

impl<S, Q, B> Service<Request<Q>> for Tracked<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
{
    type Response = Response<TrackedBody<B>>;
    type Error = S::Error;
    type Future = TrackedFuture<S::Future>;

    fn call(&self, mut request: Request<Q>) -> Self::Future {
        let in_use = InUse::new(&self.activity);
        if request.method() == Method::CONNECT {
            // For a WebSocket, which begins with the answer.
            request.extensions_mut().insert(Arc::new(InUse::new(&self.activity)));
        }
        TrackedFuture { future: self.service.call(request), in_use }
    }
}

pin_project! {
    pub(crate) struct TrackedFuture<F> {
        #[pin]
        future: F,
        in_use: InUse,
    }
}

impl<F, B, E> Future for TrackedFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<TrackedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx))?;
        let activity = Arc::clone(&this.in_use.0);
        let track = |body| TrackedBody { body, rest: Bytes::new(), activity };
        Poll::Ready(Ok(response.map(track)))
    }
}

pin_project! {
    /// A body that is given away in parts, as the peer takes them.
    pub(crate) struct TrackedBody<B> {
        #[pin]
        body: B,
        // What is left of the last frame.
        rest: Bytes,
        activity: Arc<Activity>,
    }
}

impl<B: Body<Data = Bytes>> Body for TrackedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let mut data = std::mem::take(this.rest);
        if data.is_empty() {
            let frame = match ready!(this.body.poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                ended => return Poll::Ready(ended),
            };
            match frame.into_data() {
                Ok(bytes) => data = bytes,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        if let Some((part, rest)) = data.split_at_checked(PART) {
            *this.rest = data.slice_ref(rest);
            data = data.slice_ref(part);
        }
        this.activity.moved();
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len().try_into().unwrap_or(u64::MAX);
        let hint = self.body.size_hint();
        let mut whole = SizeHint::new();
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper.saturating_add(rest));
        }
        whole.set_lower(hint.lower().saturating_add(rest));
        whole
    }
}

/// The largest part, in bytes. hyper asks for the next one when the peer has room for it.
const PART: usize = 64 << 10;
