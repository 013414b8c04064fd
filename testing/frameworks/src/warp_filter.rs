use std::io;
use std::time::Duration;

use engineio_tokio::Server;
use tokio::net::TcpListener;
use tower::Layer;
use warp::Filter;

pub async fn serve(
    listener: TcpListener,
    server: Server,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let routes = warp::path::end().map(|| "a page");
    let service = server.layer().layer(warp::service(routes));
    let stopped = async {
        stop.await;
        server.close(Duration::from_secs(5)).await;
    };
    crate::hyper_loop::serve(listener, service, stopped).await // the loop above
}
