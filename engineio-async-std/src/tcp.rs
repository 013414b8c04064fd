//! Connections over TCP, to a host by its name.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};

use async_io::Async;
use engineio_hub::client::ADDRESS_PATIENCE;

use crate::rt::{timeout, unblock};
use crate::stream::Tcp;

/// Tries the addresses of a host one after the other.
pub(crate) async fn tcp(host: &str, port: u16) -> io::Result<Tcp> {
    let place = (host.to_owned(), port);
    let mut addresses = unblock(move || look_up(&place)).await?.into_iter();
    let mut last = io::Error::new(ErrorKind::NotFound, "the host has no address");
    while let Some(address) = addresses.next() {
        let connecting = Async::<TcpStream>::connect(address);
        // The last address has only the session's own limit.
        let connected = match addresses.len() {
            0 => connecting.await,
            _ => timeout(ADDRESS_PATIENCE, connecting)
                .await
                .unwrap_or_else(|| Err(ErrorKind::TimedOut.into())),
        };
        match connected {
            Ok(stream) => {
                // Packets are written whole, so waiting for more would only delay them.
                let _ = stream.get_ref().set_nodelay(true);
                return Ok(Tcp(stream));
            }
            Err(error) => last = io::Error::new(error.kind(), format!("{address}: {error}")),
        }
    }
    Err(last)
}

/// Looks up the addresses of a host. Blocks until the name server answers.
fn look_up((host, port): &(String, u16)) -> io::Result<Vec<SocketAddr>> {
    Ok((host.as_str(), *port).to_socket_addrs()?.collect())
}
