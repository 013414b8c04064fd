//! `engineio-actix`: an application of actix-web without routes, with two workers. The server is in
//! front of it, and tells who asks for other paths where it is.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::{App, HttpRequest, HttpServer, web};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub use engineio_actix::{Sender as PlainSender, *};

/// What parses the requests.
pub const HTTP: &str = "actix-http";

/// Serves on a free port. Returns the address, and the task, which ends with the server.
pub async fn serve<D: Data>(server: &Server<D>) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (in_front, (tell, told)) = (EngineIo::new(server), oneshot::channel());
    let behind = server.clone();
    thread::spawn(move || {
        System::new().block_on(async move {
            let application = move || {
                let behind = behind.clone();
                let other = move |request: HttpRequest, body: web::Payload| {
                    let behind = behind.clone();
                    async move { engineio_actix::serve(&behind, request, body).await }
                };
                App::new().wrap(in_front.clone()).default_service(web::to(other))
            };
            let serving = HttpServer::new(application)
                .h1_allow_half_closed(false)
                .disable_signals()
                .workers(2)
                .listen(listener)
                .expect("a listener that works")
                .run();
            let _ = tell.send(serving.handle());
            serving.await
        })
    });
    let stop = Stop(told.await.expect("a server that runs"));
    let server = server.clone();
    let task = tokio::spawn(async move {
        while !server.is_closing() {
            sleep(Duration::from_millis(10)).await;
        }
        poll_fn(|cx| server.hub().poll_closed(cx)).await;
        stop.0.stop(true).await;
        Ok(())
    });
    (address, task)
}

/// Ends the server of actix-web when it is dropped.
struct Stop(ServerHandle);

impl Drop for Stop {
    fn drop(&mut self) {
        // It is told at once; the future waits for the end.
        drop(self.0.stop(false));
    }
}
