use std::convert::Infallible;

use engineio_tokio::{ResponseBody, Server};
use hyper::body::Incoming;
use hyper::{Request, Response};
use tower::{ServiceBuilder, service_fn, util::BoxCloneService};

pub fn service(
    server: &Server,
) -> BoxCloneService<Request<Incoming>, Response<ResponseBody<String>>, Infallible> {
    let stack = ServiceBuilder::new()
        .layer(server.layer()) // first, so that nothing below it concerns Engine.IO
        .concurrency_limit(100)
        .service(service_fn(page));
    BoxCloneService::new(stack)
}

async fn page(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("a page".to_owned()))
}
