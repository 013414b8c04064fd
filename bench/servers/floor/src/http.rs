//! Requests, told apart by what the load's clients write.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use hyper::{Method, Request, Response, StatusCode};

use crate::sessions::Sessions;
use crate::websocket;

type Answer = Response<Full<Bytes>>;

pub(crate) async fn answer(
    sessions: Arc<Sessions>,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let query = request.uri().query().unwrap_or_default();
    let sid = query.rsplit_once("sid=").and_then(|(_, sid)| sid.parse().ok());
    if query.contains("transport=websocket") {
        return Ok(upgrade(&sessions, request, sid));
    }
    let payload = match sid {
        None => Bytes::from(open_packet(sessions.open())),
        Some(sid) if request.method() == Method::POST => {
            let body = request.into_body().collect().await.unwrap_or_default().to_bytes();
            if body == CLOSE {
                sessions.close(sid);
            } else if let Some(session) = sessions.get(sid) {
                session.put(body);
            }
            Bytes::from_static(b"ok")
        }
        Some(sid) => match sessions.get(sid) {
            Some(session) => session.take().await,
            None => Bytes::from_static(NOOP),
        },
    };
    let mut answer = Answer::new(Full::new(payload));
    answer.headers_mut().insert(CONTENT_TYPE, TEXT);
    Ok(answer)
}

fn upgrade(sessions: &Arc<Sessions>, mut request: Request<Incoming>, sid: Option<u64>) -> Answer {
    let upgraded = hyper::upgrade::on(&mut request);
    let sessions = Arc::clone(sessions);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            // Clients end as they like.
            let _ = websocket::serve(&sessions, upgraded, sid).await;
        }
    });
    let mut answer = Answer::default();
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, ACCEPT);
    answer
}

pub(crate) fn open_packet(sid: u64) -> String {
    format!(
        r#"0{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":60000,"pingTimeout":60000,"maxPayload":1000000}}"#
    )
}

/// What ends a session.
const CLOSE: &[u8] = b"1";

/// What ends a poll.
pub(crate) const NOOP: &[u8] = b"6";

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=UTF-8");

/// For the one key that the load's clients send, which is RFC 6455's.
const ACCEPT: HeaderValue = HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
