//! One request, from its head to its answer.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};
use engineio_hub::{Answer, Connection, Data, Hub, RemoteAddr, Seat};
use engineio_proto::Failure;
use engineio_proto::server::is_ours;
use futures_core::Stream;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::head;
use crate::websocket::WebSocketBody;

/// Admits a request. `None`: its path isn't the server's.
pub(crate) fn admit<D: Data>(hub: &Hub<D>, request: &HttpRequest) -> Option<Seat<D>> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    if !is_ours(hub.config(), target) {
        return None;
    }
    let peer = request.peer_addr().map(RemoteAddr);
    let connection = Connection { peer, can_upgrade: true, is_extended_connect: false };
    let mut seat = hub.admit_taking(&mut head::request(request)?, connection)?;
    if asks_for_websocket(request) {
        seat.end();
    }
    Some(seat)
}

/// Whether what follows the head is a WebSocket's. actix-web gives it as a body that has no end, for
/// which a refusal would wait.
fn asks_for_websocket(request: &HttpRequest) -> bool {
    let mut upgrades = request.headers().get_all(header::UPGRADE);
    let is_websocket = |it: &header::HeaderValue| {
        it.to_str().is_ok_and(|it| it.trim().eq_ignore_ascii_case("websocket"))
    };
    request.method() == Method::GET && upgrades.any(is_websocket)
}

/// Waits for the answer to a request.
pub(crate) async fn answer<D: Data>(mut seat: Seat<D>, mut body: Payload) -> HttpResponse<BoxBody> {
    loop {
        let answer = poll_fn(|cx| {
            // The answer may come before the body is complete.
            let _ = poll_body(&mut body, &mut seat, cx);
            seat.poll_answer(cx)
        });
        match answer.await {
            Answer::Yield => yield_now().await,
            Answer::Respond { response, drain } => {
                if let Some(patience) = drain {
                    // The client is still writing, and may not see the answer yet.
                    let rest = poll_fn(|cx| poll_body(&mut body, &mut seat, cx));
                    let _ = timeout(patience, rest).await;
                }
                let (head, body) = response.into_parts();
                return head::response(&head).body(body);
            }
            Answer::Upgrade(response, framed) => {
                let (head, ()) = response.into_parts();
                let websocket = WebSocketBody::new(framed, body);
                return head::response(&head).body(BoxBody::new(websocket));
            }
        }
    }
}

/// Reads the body for its seat. Ready when there is nothing left to read.
fn poll_body<D: Data>(body: &mut Payload, seat: &mut Seat<D>, cx: &mut Context<'_>) -> Poll<()> {
    while seat.is_reading() {
        match ready!(Pin::new(&mut *body).poll_next(cx)) {
            Some(Ok(data)) => seat.data(data),
            Some(Err(PayloadError::EncodingCorrupted)) => seat.failed(Failure::Malformed),
            Some(Err(_)) => seat.failed(Failure::Gone),
            None => seat.end(),
        }
    }
    Poll::Ready(())
}

/// The answer to a request whose path isn't the server's, where nothing else serves it.
pub(crate) fn not_found<D: Data>(hub: &Hub<D>, request: &HttpRequest) -> HttpResponse<BoxBody> {
    let peer = request.peer_addr().map(RemoteAddr);
    let Some(head) = head::request(request) else { return HttpResponse::NotFound().finish() };
    let (head, body) = hub.not_found(&head, peer).into_parts();
    head::response(&head).body(body)
}
