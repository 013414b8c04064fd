//! A client of HTTP/2 that can ask for WebSockets.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame as Part, Incoming};
use hyper::client::conn::http2::SendRequest;
use hyper::ext::Protocol;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use peer::{Frame, Peer, within};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// One connection. Clones use the same.
#[derive(Clone)]
pub(super) struct Client {
    sender: SendRequest<BoxBody<Bytes, Infallible>>,
    address: SocketAddr,
    polling: String,
    connection: Arc<JoinHandle<()>>,
}

/// An answer with its whole body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

pub(super) type WebSocket = Peer<TokioIo<Upgraded>>;

impl Client {
    /// Connects, and waits for the server's settings, which say whether it takes WebSockets.
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::connect_at(address, "/engine.io/").await
    }

    /// The same for a server at another path.
    pub(super) async fn connect_at(address: SocketAddr, path: &str) -> Self {
        let stream = within(TcpStream::connect(address)).await.expect("the server listens");
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .expect("HTTP/2");
        let connection = tokio::spawn(async { drop(connection.await) });
        let connection = Arc::new(connection);
        let polling = format!("{path}?EIO=4&transport=polling");
        let client = Self { sender, address, polling, connection };
        assert_eq!(client.get(path).await.status, 400);
        client
    }

    /// Whether the connection has ended.
    pub(super) fn is_over(&self) -> bool {
        self.connection.is_finished()
    }

    pub(super) async fn get(&self, target: &str) -> Answer {
        self.answer(self.request("GET", target), "").await
    }

    pub(super) async fn post(&self, target: &str, body: impl Into<Bytes>) -> Answer {
        self.answer(self.request("POST", target), body).await
    }

    /// Posts a body that never ends. The answer never comes.
    pub(super) async fn post_half(&self, target: &str) {
        let half = stream::iter([Ok(Part::data(Bytes::from_static(b"4half")))]);
        let body = BodyExt::boxed(StreamBody::new(half.chain(stream::pending())));
        let request = self.request("POST", target).body(body).expect("a request");
        let _ = self.sender.clone().send_request(request).await;
    }

    /// Opens a session over polling. Returns the target of its requests.
    pub(super) async fn session(&self) -> String {
        let answer = self.get(&self.polling).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        format!("{}&sid={}", self.polling, peer::open(&answer.text))
    }

    /// Opens a session on a WebSocket. Returns it and the sid.
    pub(super) async fn open_websocket(&self) -> (WebSocket, String) {
        let target = self.polling.replace("polling", "websocket");
        let mut websocket = self.websocket(&target).await.expect("a WebSocket");
        let Frame::Text(open) = websocket.frame().await else { panic!("no open packet") };
        (websocket, peer::open(&open))
    }

    /// Asks for a WebSocket, which a good answer opens.
    pub(super) async fn websocket(&self, target: &str) -> Result<WebSocket, Answer> {
        self.connect_for(self.extended_connect("websocket", target)).await.map(|(_, it)| it)
    }

    /// The same with any request. Returns the headers of the answer as well.
    pub(super) async fn connect_for(
        &self,
        request: http::request::Builder,
    ) -> Result<(HeaderMap, WebSocket), Answer> {
        let response = self.send(request, "").await;
        if response.status() != 200 {
            return Err(whole(response).await);
        }
        let headers = response.headers().clone();
        let upgraded = within(hyper::upgrade::on(response)).await.expect("a stream");
        Ok((headers, Peer::over(TokioIo::new(upgraded))))
    }

    /// A request for a WebSocket, or for what else has this name.
    pub(super) fn extended_connect(&self, protocol: &str, target: &str) -> http::request::Builder {
        self.request("CONNECT", target)
            .extension(Protocol::from(protocol))
            .header("sec-websocket-version", "13")
    }

    pub(super) fn request(&self, method: &str, target: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("http://{}{target}", self.address))
    }

    pub(super) async fn answer(
        &self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
    ) -> Answer {
        whole(self.send(request, body).await).await
    }

    async fn send(
        &self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let request = request.body(Full::new(body.into()).boxed()).expect("a request");
        within(self.sender.clone().send_request(request)).await.expect("an answer")
    }
}

async fn whole(response: Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = within(body.collect()).await.expect("a whole body").to_bytes();
    let text = String::from_utf8(body.to_vec()).expect("a body of UTF-8");
    Answer { status: parts.status.as_u16(), headers: parts.headers, text }
}
