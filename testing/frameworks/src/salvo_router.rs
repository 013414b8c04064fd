use std::io;
use std::time::Duration;

use engineio_tokio::Server;
use salvo::conn::tcp::TcpAcceptor;
use salvo::http::ReqBody;
use salvo::prelude::{Router, TowerServiceCompat, handler};
use tokio::net::TcpListener;

#[handler]
async fn page() -> &'static str {
    "a page"
}

pub async fn serve(
    listener: TcpListener,
    server: Server,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let engine = TowerServiceCompat::<ReqBody, _, _, _>::compat(server.service());
    let router = Router::new().get(page).push(Router::with_path("engine.io/{**rest}").goal(engine));
    let http = salvo::Server::new(TcpAcceptor::try_from(listener)?);
    let handle = http.handle();
    tokio::spawn(async move {
        stop.await;
        server.close(Duration::from_secs(5)).await;
        handle.stop_graceful(Duration::from_secs(1));
    });
    http.try_serve(router).await
}
