//! A chat room beside the pages of an actix-web application: a task for each guest.
//!
//! ```text
//! cargo run -p examples --example actix-chat
//! ```

use std::error::Error;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::rt::{signal, spawn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use clap::Parser;
use engineio_actix::{EngineIo, Incoming, Server, Socket};
use examples::{FromPage, Options, ToPage, name, page};

/// Someone in the room. The number identifies them in public: their session's `Sid` is a secret,
/// since anyone who knows it can act for them.
struct Guest {
    id: u64,
    /// The name at login. They may change it later.
    name: String,
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let server: Server<Guest> = Server::builder(options.config()?).build();
    let in_front = EngineIo::new(&server);
    let app = move || App::new().wrap(in_front.clone()).default_service(web::to(file));
    let bound = HttpServer::new(app)
        .h1_allow_half_closed(false)
        .disable_signals()
        .bind(options.listen)
        .unwrap_or_else(|error| options.no_listener(&error));
    for address in bound.addrs() {
        println!("listening on http://{address}");
    }
    let serving = bound.run();

    spawn(welcome(server.clone()));
    let handle = serving.handle();
    spawn(async move {
        let _ = signal::ctrl_c().await;
        // Everyone gets the messages sent so far, and then a goodbye.
        server.close(Duration::from_secs(3)).await;
        handle.stop(true).await;
    });
    serving.await?;
    Ok(())
}

/// A file of the page.
async fn file(request: HttpRequest) -> HttpResponse {
    let (mut asked, ()) = http::Request::new(()).into_parts();
    asked.uri = request.path().parse().unwrap_or_default();
    let (head, content) = page(http::Request::from_parts(asked, ())).into_parts();
    let status = actix_web::http::StatusCode::from_u16(head.status.as_u16());
    let mut response = HttpResponse::build(status.expect("a status is one in both versions"));
    for (name, value) in &head.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    response.body(content)
}

/// Admits guests until the server closes.
async fn welcome(server: Server<Guest>) {
    while let Some(incoming) = server.incoming().await {
        if let Some(socket) = log_in(incoming) {
            spawn(listen(server.clone(), socket));
        }
    }
}

/// `None`: the guest was refused, or has left.
fn log_in(incoming: Incoming<Guest>) -> Option<Socket<Guest>> {
    static LAST_ID: AtomicU64 = AtomicU64::new(0);
    match name(incoming.query("name").as_deref()) {
        Ok(name) => {
            let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
            incoming.message(ToPage::Welcome { id }).accept_with(Guest { id, name })
        }
        Err(_) => {
            incoming.refuse_json(401, "who are you?");
            None
        }
    }
}

/// Passes this guest's messages on to everyone, until they leave.
async fn listen(server: Server<Guest>, mut socket: Socket<Guest>) {
    let (id, mut name) = (socket.data().id, socket.data().name.clone());
    server.broadcast(ToPage::Join { name: &name, here: server.len() });
    while let Some(message) = socket.recv().await {
        match FromPage::read(&message) {
            Some(FromPage::Say { text }) => {
                server.broadcast(ToPage::Say { id, name: &name, text: &text });
            }
            Some(FromPage::Rename { name: new }) => {
                let was = &mem::replace(&mut name, new);
                server.broadcast(ToPage::Rename { was, name: &name });
            }
            // The client isn't our page.
            _ => break,
        }
    }
    drop(socket);
    server.broadcast(ToPage::Leave { name: &name, here: server.len() });
}
