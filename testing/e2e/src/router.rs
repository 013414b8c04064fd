//! Balancers in front of several servers, which don't know what they carry.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

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

/// The servers of a balancer, which may change.
#[derive(Clone, Debug)]
pub struct Places(Arc<Mutex<Vec<SocketAddr>>>);

impl Places {
    /// These servers.
    pub fn new(servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self(Arc::new(Mutex::new(servers.into_iter().collect())))
    }

    /// Puts one server at the place of another.
    pub fn replace(&self, server: SocketAddr, next: SocketAddr) {
        let mut servers = self.0.lock().expect("no panic");
        servers.iter_mut().filter(|it| **it == server).for_each(|it| *it = next);
    }

    fn any(&self) -> SocketAddr {
        let servers = self.0.lock().expect("no panic");
        let random = RandomState::new().build_hasher().finish();
        servers[usize::try_from(random % servers.len() as u64).unwrap_or_default()]
    }
}

/// Starts a balancer on this address, which picks one of the servers at random.
///
/// # Errors
///
/// If it can't listen there.
pub async fn router(
    listen: SocketAddr,
    servers: Places,
    route: Route,
) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let routing = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let _ = client.set_nodelay(true);
            let servers = servers.clone();
            match route {
                Route::Connection => tokio::spawn(pass_connection(client, servers)),
                Route::Request => tokio::spawn(pass_requests(client, servers)),
            };
        }
    });
    Ok((address, routing))
}

async fn connect(servers: &Places) -> io::Result<TcpStream> {
    let server = TcpStream::connect(servers.any()).await?;
    server.set_nodelay(true)?;
    Ok(server)
}

async fn pass_connection(mut client: TcpStream, servers: Places) {
    if let Ok(mut server) = connect(&servers).await {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

async fn pass_requests(client: TcpStream, servers: Places) {
    let service = service_fn(move |request| pass_request(request, servers.clone()));
    let mut http = hyper::server::conn::http1::Builder::new();
    let connection = http.half_close(false).serve_connection(TokioIo::new(client), service);
    let _ = connection.with_upgrades().await;
}

/// Sends a request over a connection of its own, which ends with the client's interest in it.
async fn pass_request(
    mut request: Request<Incoming>,
    servers: Places,
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
