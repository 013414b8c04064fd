//! Balancers in front of several servers, which don't know what they carry.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a balancer sends to one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// All of a connection.
    Connection,
    /// A request, or a WebSocket.
    Request,
}

/// Starts a balancer on this address, which picks one of the servers at random.
///
/// # Errors
///
/// If it can't listen there.
pub async fn router(
    listen: SocketAddr,
    servers: Vec<SocketAddr>,
    route: Route,
) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let servers = Arc::new(servers);
    let routing = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let _ = client.set_nodelay(true);
            let servers = Arc::clone(&servers);
            match route {
                Route::Connection => tokio::spawn(pass_connection(client, servers)),
                Route::Request => tokio::spawn(pass_requests(client, servers)),
            };
        }
    });
    Ok((address, routing))
}

async fn connect(servers: &[SocketAddr]) -> io::Result<TcpStream> {
    let random = RandomState::new().build_hasher().finish();
    let place = usize::try_from(random % servers.len() as u64).unwrap_or_default();
    let server = TcpStream::connect(servers[place]).await?;
    server.set_nodelay(true)?;
    Ok(server)
}

async fn pass_connection(mut client: TcpStream, servers: Arc<Vec<SocketAddr>>) {
    if let Ok(mut server) = connect(&servers).await {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

async fn pass_requests(client: TcpStream, servers: Arc<Vec<SocketAddr>>) {
    let service = service_fn(move |request| pass_request(request, Arc::clone(&servers)));
    let mut http = hyper::server::conn::http1::Builder::new();
    let connection = http.half_close(false).serve_connection(TokioIo::new(client), service);
    let _ = connection.with_upgrades().await;
}

/// Sends a request over a connection of its own, which ends with the client's interest in it.
async fn pass_request(
    mut request: Request<Incoming>,
    servers: Arc<Vec<SocketAddr>>,
) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
    let server = TokioIo::new(connect(&servers).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(server).await?;
    tokio::spawn(connection.with_upgrades());
    let client: Option<OnUpgrade> = request.extensions_mut().remove();
    let mut response = sender.send_request(request).await?;
    if let (StatusCode::SWITCHING_PROTOCOLS, Some(client)) = (response.status(), client) {
        let server = hyper::upgrade::on(&mut response);
        tokio::spawn(async {
            if let (Ok(client), Ok(server)) = (client.await, server.await) {
                let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
    Ok(response)
}
