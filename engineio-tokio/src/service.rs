//! The server as a tower layer and service.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready as try_ready};

use engineio_hub::{Data, Hub, RemoteAddr};
use engineio_hyper::{Answered, BoxError, RequestTask, ResponseBody, Switching, carry};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::clock::{timer, yield_turn};
use crate::core::{Core, Listening};
use crate::idle::InUse;
use crate::listener::Stop;

/// Puts a server in front of a service; see [`Server::layer`](crate::Server::layer).
pub struct EngineIoLayer<D: Data = ()> {
    core: Core<D>,
}

impl<D: Data> EngineIoLayer<D> {
    pub(crate) const fn new(core: Core<D>) -> Self {
        Self { core }
    }
}

impl<D: Data, S> Layer<S> for EngineIoLayer<D> {
    type Service = EngineIoService<S, D>;

    fn layer(&self, inner: S) -> Self::Service {
        EngineIoService::new(self.core.clone(), inner)
    }
}

/// Serves the requests for the server's path, and passes all others to the inner service.
pub struct EngineIoService<S, D: Data = ()> {
    core: Core<D>,
    inner: S,
}

impl<S, D: Data> EngineIoService<S, D> {
    pub(crate) const fn new(core: Core<D>, inner: S) -> Self {
        Self { core, inner }
    }
}

impl<S, D, B, R> Service<Request<B>> for EngineIoService<S, D>
where
    S: Service<Request<B>, Response = Response<R>>,
    D: Data,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ServiceFuture<S::Future, B, D>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self { core, inner } = self;
        let peer = request.extensions().get().copied();
        ServiceFuture::new(core, request, peer, |request| inner.call(request))
    }
}

/// Serves the requests of one connection, without a framework.
pub(crate) struct Alone<D: Data> {
    core: Core<D>,
    peer: RemoteAddr,
}

impl<D: Data> Alone<D> {
    pub(crate) const fn new(core: Core<D>, peer: RemoteAddr) -> Self {
        Self { core, peer }
    }
}

impl<D: Data> hyper::service::Service<Request<Incoming>> for Alone<D> {
    type Response = Response<ResponseBody<String>>;
    type Error = Infallible;
    type Future = ServiceFuture<Ready<Result<Response<String>, Infallible>>, Incoming, D>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let Self { core, peer } = self;
        let theirs = |request| not_found(&core.hub, request, Some(*peer));
        ServiceFuture::new(core, request, Some(*peer), theirs)
    }
}

pin_project! {
    /// The answer of an [`EngineIoService`].
    pub struct ServiceFuture<F, B, D>
    where
        D: Data,
    {
        #[pin]
        inner: Inner<F, B, D>,
    }
}

pin_project! {
    #[project = InnerProjection]
    enum Inner<F, B, D>
    where
        D: Data,
    {
        Ours {
            #[pin]
            task: RequestTask<B, D>,
            in_use: Option<Arc<InUse>>,
            listening: Arc<Listening>,
        },
        Theirs { #[pin] future: F },
    }
}

impl<F, B, D> ServiceFuture<F, B, D>
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    D: Data,
{
    /// Begins with a request, which goes to the other service if its path isn't the server's.
    fn new(
        core: &Core<D>,
        mut request: Request<B>,
        peer: Option<RemoteAddr>,
        theirs: impl FnOnce(Request<B>) -> F,
    ) -> Self {
        // The application may keep the head of the request.
        let in_use = request.extensions_mut().remove();
        let forwarder = core.forwarder.as_ref();
        let begun = RequestTask::begin(&core.hub, request, peer, forwarder, timer, yield_turn);
        let inner = match begun {
            Ok(task) => {
                core.start_driver();
                Inner::Ours { task, in_use, listening: Arc::clone(&core.listening) }
            }
            Err(request) => Inner::Theirs { future: theirs(request) },
        };
        Self { inner }
    }
}

impl<F, B, D, R, E> Future for ServiceFuture<F, B, D>
where
    F: Future<Output = Result<Response<R>, E>>,
    B: Body,
    B::Error: Into<BoxError>,
    D: Data,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.project().inner.project() {
            InnerProjection::Ours { task, in_use, listening } => {
                let Answered { response, switching } = try_ready!(task.poll(cx));
                match (switching, in_use.take()) {
                    (Some(switching), in_use) if switching.is_forwarded() => {
                        tokio::spawn(carry_forwarded(
                            switching,
                            in_use,
                            listening.stop.subscribe(),
                        ));
                    }
                    (Some(switching), Some(in_use)) => {
                        let carrying = carry(switching, yield_turn);
                        tokio::spawn(Using { carrying, _in_use: in_use });
                    }
                    (Some(switching), None) => {
                        tokio::spawn(carry(switching, yield_turn));
                    }
                    (None, _) => {}
                }
                Ok(response.map(ResponseBody::ours))
            }
            InnerProjection::Theirs { future } => {
                try_ready!(future.poll(cx)).map(|response| response.map(ResponseBody::theirs))
            }
        })
    }
}

/// Carries a WebSocket of another node's session, which doesn't end with the sessions of this
/// server, until the server stops.
async fn carry_forwarded(switching: Switching, in_use: Option<Arc<InUse>>, mut stop: Stop) {
    tokio::select! {
        () = carry(switching, yield_turn) => {}
        _ = stop.wait_for(Option::is_some) => {}
    }
    drop(in_use);
}

pin_project! {
    /// A WebSocket that keeps its connection in use.
    struct Using<F> {
        #[pin]
        carrying: F,
        _in_use: Arc<InUse>,
    }
}

impl<F: Future> Future for Using<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().carrying.poll(cx)
    }
}

/// Answers everything with 404, and says where the server is: the inner service of a server under a
/// path of its own.
pub struct NotFound<D: Data = ()> {
    hub: Hub<D>,
}

impl<D: Data> NotFound<D> {
    pub(crate) const fn new(hub: Hub<D>) -> Self {
        Self { hub }
    }
}

impl<D: Data, B> Service<Request<B>> for NotFound<D> {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let peer = request.extensions().get().copied();
        not_found(&self.hub, request, peer)
    }
}

/// The answer to a request that isn't for the server, where nothing else serves it.
fn not_found<D: Data, B>(
    hub: &Hub<D>,
    request: Request<B>,
    peer: Option<RemoteAddr>,
) -> Ready<Result<Response<String>, Infallible>> {
    let (parts, _) = request.into_parts();
    let response = hub.not_found(&parts, peer);
    ready(Ok(response.map(|body| String::from_utf8_lossy(&body).into_owned())))
}

impl<D: Data> Clone for NotFound<D> {
    fn clone(&self) -> Self {
        Self { hub: self.hub.clone() }
    }
}

impl<D: Data> fmt::Debug for NotFound<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotFound")
    }
}

impl<D: Data> Clone for EngineIoLayer<D> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone() }
    }
}

impl<S: Clone, D: Data> Clone for EngineIoService<S, D> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), inner: self.inner.clone() }
    }
}

impl<D: Data> fmt::Debug for EngineIoLayer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EngineIoLayer")
    }
}

impl<S, D: Data> fmt::Debug for EngineIoService<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EngineIoService")
    }
}

impl<F, B, D: Data> fmt::Debug for ServiceFuture<F, B, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceFuture")
    }
}
