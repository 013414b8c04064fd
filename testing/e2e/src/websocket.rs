use crate::revision::handshake;
use crate::{Polling, Revision, Server, within};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A WebSocket, by hand.
#[derive(Debug)]
pub struct WebSocket(WebSocketStream<TcpStream>);

/// What a WebSocket received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// A close frame, with its code if it has one.
    Close(Option<u16>),
    /// The connection ended without a close frame.
    Lost,
}

impl Received {
    /// A text frame, for comparisons.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// True for a close frame with any code or none.
    #[must_use]
    pub fn is_close(&self) -> bool {
        matches!(self, Self::Close(_))
    }
}

impl WebSocket {
    /// Connects.
    ///
    /// # Errors
    ///
    /// The status, if the server answers with another one than 101.
    pub async fn connect(server: &Server, target: &str) -> Result<Self, u16> {
        let authority = server.authority();
        let connecting = async {
            let stream = TcpStream::connect(authority).await.expect("the server listens");
            tokio_tungstenite::client_async(format!("ws://{authority}{target}"), stream).await
        };
        match within(target, connecting).await {
            Ok((websocket, _)) => Ok(Self(websocket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("neither a 101 nor a refusal: {error}"),
        }
    }

    /// Opens a session on a WebSocket: gives it with what the open packet said.
    pub async fn open(server: &Server, revision: Revision) -> (Self, Value) {
        let mut websocket =
            Self::connect(server, &revision.target("websocket")).await.expect("a 101");
        match websocket.next().await {
            Received::Text(packet) => (websocket, handshake(&packet)),
            other @ (Received::Binary(_) | Received::Close(_) | Received::Lost) => {
                panic!("no open packet: {other:?}")
            }
        }
    }

    /// Connects a WebSocket for a session over polling; nothing is sent yet.
    pub async fn join(server: &Server, session: &Polling) -> Self {
        Self::connect(server, &session.websocket_target()).await.expect("a 101")
    }

    /// Moves a session over polling to a WebSocket. When this is done the server has heard the `5`:
    /// only an echo that follows it tells.
    pub async fn take_over(server: &Server, session: &Polling) -> Self {
        let mut websocket = Self::join(server, session).await;
        for packet in ["2probe", "5", "4moved"] {
            websocket.send(packet).await;
        }
        for packet in ["3probe", "4moved"] {
            assert_eq!(websocket.next().await, Received::text(packet));
        }
        websocket
    }

    /// Sends a text frame.
    pub async fn send(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    /// Sends a binary frame.
    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.send_message(Message::binary(bytes.to_vec())).await;
    }

    async fn send_message(&mut self, message: Message) {
        within("sending over a WebSocket", self.0.send(message)).await.expect("an open WebSocket");
    }

    /// The next frame of data, or how it ended.
    pub async fn next(&mut self) -> Received {
        loop {
            return match within("the next frame of a WebSocket", self.0.next()).await {
                Some(Ok(Message::Text(text))) => Received::Text(text.as_str().to_owned()),
                Some(Ok(Message::Binary(bytes))) => Received::Binary(bytes.to_vec()),
                Some(Ok(Message::Close(frame))) => {
                    Received::Close(frame.map(|frame| frame.code.into()))
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                None | Some(Err(Error::ConnectionClosed | Error::Io(_))) => Received::Lost,
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                    Received::Lost
                }
                Some(Err(error)) => panic!("a frame that no WebSocket may send: {error}"),
            };
        }
    }

    /// Reads up to a close frame; heartbeats before it are not of interest.
    pub async fn closed(&mut self) -> Received {
        loop {
            let received = self.next().await;
            if received != Received::text("2") {
                return received;
            }
        }
    }
}
