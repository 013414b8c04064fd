use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use engineio_tokio::Server;
use hyper::body::Incoming;
use hyper::http::uri::Scheme;
use hyper::{Request, Response};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Route, get, handler};
use tokio::net::TcpListener;
use tower::{Layer, service_fn};

#[handler]
fn page() -> &'static str {
    "a page"
}

pub async fn serve(
    listener: TcpListener,
    server: Server,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let routes = Arc::new(Route::new().at("/", get(page)));
    let poem = service_fn(move |request: Request<Incoming>| {
        let routes = routes.clone();
        async move {
            let (local, remote) = (LocalAddr::default(), RemoteAddr::default());
            let response = routes.get_response((request, local, remote, Scheme::HTTP).into()).await;
            Ok::<_, Infallible>(Response::from(response))
        }
    });
    let service = server.layer().layer(poem);
    let stopped = async {
        stop.await;
        server.close(Duration::from_secs(5)).await;
    };
    crate::hyper_loop::serve(listener, service, stopped).await // the loop above
}
