//! The server in front of an application.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use engineio_tokio::{Data, Server};

use crate::exchange::{admit, answer, not_found};

/// Serves the requests for a server's path, and passes all others to the application:
/// `App::new().wrap(EngineIo::new(&server))`.
///
/// It handles CORS on that path itself, as set by [`cors`](crate::ServerConfig::cors). Middleware
/// that is wrapped after it sees these requests first; one that compresses responses must be wrapped
/// before.
pub struct EngineIo<D: Data = ()> {
    server: Server<D>,
}

impl<D: Data> EngineIo<D> {
    /// Makes the middleware of a server. All workers may have one of the same server.
    pub fn new(server: &Server<D>) -> Self {
        Self { server: server.clone() }
    }
}

impl<D: Data> Clone for EngineIo<D> {
    fn clone(&self) -> Self {
        Self { server: self.server.clone() }
    }
}

impl<D: Data> fmt::Debug for EngineIo<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineIo").field("server", &self.server).finish()
    }
}

impl<S, B, D> Transform<S, ServiceRequest> for EngineIo<D>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody,
    D: Data,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = EngineIoMiddleware<S, D>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(EngineIoMiddleware { server: self.server.clone(), inner }))
    }
}

/// What an [`EngineIo`] makes of an application's service.
pub struct EngineIoMiddleware<S, D: Data = ()> {
    server: Server<D>,
    inner: S,
}

impl<S, D: Data> fmt::Debug for EngineIoMiddleware<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineIoMiddleware").finish_non_exhaustive()
    }
}

impl<S, B, D> Service<ServiceRequest> for EngineIoMiddleware<S, D>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody,
    D: Data,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let Some(seat) = admit(self.server.hub(), request.request()) else {
            let inner = self.inner.call(request);
            return Box::pin(async move { Ok(inner.await?.map_into_left_body()) });
        };
        let body = request.take_payload();
        Box::pin(async move {
            let response = answer(seat, body).await;
            Ok(request.into_response(response).map_into_right_body())
        })
    }
}

/// Answers one request of a server from a handler of your own, say below a scope with guards. Other
/// paths get 404 and are told where the server is. To serve every path that the handler has, set
/// [`every_path`](crate::ServerConfigBuilder::every_path).
pub async fn serve<D: Data>(
    server: &Server<D>,
    request: HttpRequest,
    body: actix_web::web::Payload,
) -> HttpResponse<BoxBody> {
    let hub = server.hub();
    match admit(hub, &request) {
        Some(seat) => answer(seat, body.into_inner()).await,
        None => not_found(hub, &request),
    }
}
