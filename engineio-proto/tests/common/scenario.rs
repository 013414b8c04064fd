//! How a session comes to be: what its server is set to, and how its client asks.

use std::sync::Arc;

use engineio_proto::ConnId;
use engineio_proto::server::Session;
use engineio_proto::{Instant, Message, Request, Revision, ServerConfig, ServerConfigBuilder, Sid};

use super::ask::opening;
use super::scene::Scene;

/// A session in the making: what its server is set to, and how its client asks.
pub(crate) fn scenario() -> Scenario {
    Scenario {
        config: ServerConfig::builder(),
        revision: Revision::V4,
        query: String::new(),
        accept_encoding: None,
        bundled: Vec::new(),
    }
}

pub(crate) struct Scenario {
    config: ServerConfigBuilder,
    revision: Revision,
    query: String,
    accept_encoding: Option<&'static str>,
    bundled: Vec<Message>,
}

impl Scenario {
    pub(crate) fn v3(self) -> Self {
        self.revision(Revision::V3)
    }

    pub(crate) fn v4(self) -> Self {
        self.revision(Revision::V4)
    }

    pub(crate) fn revision(self, revision: Revision) -> Self {
        Self { revision, ..self }
    }

    pub(crate) fn b64(self) -> Self {
        self.query("&b64=1")
    }

    /// All requests come with this behind their query.
    pub(crate) fn query(self, query: impl Into<String>) -> Self {
        Self { query: query.into(), ..self }
    }

    /// All requests come with this header.
    pub(crate) fn accepting(self, coding: &'static str) -> Self {
        Self { accept_encoding: Some(coding), ..self }
    }

    /// A message that leaves together with the open packet.
    pub(crate) fn bundled(mut self, message: impl Into<Message>) -> Self {
        self.bundled.push(message.into());
        self
    }

    pub(crate) fn config(
        self,
        change: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder,
    ) -> Self {
        Self { config: change(self.config), ..self }
    }

    /// Opened over polling; the answer to the handshake (`g1`) wasn't pulled yet.
    pub(crate) fn opening(self) -> Scene {
        self.open("polling", "g")
    }

    /// Opened over polling.
    pub(crate) fn polling(self) -> Scene {
        let mut scene = self.opening();
        let answer = scene.pull(ConnId(1));
        assert!(answer.starts_with("200 0{"), "no handshake: {answer}");
        scene.forget_names();
        scene
    }

    /// Opened over a WebSocket, `w1`.
    pub(crate) fn websocket(self) -> Scene {
        let mut scene = self.open("websocket", "w");
        let answer = scene.pull(ConnId(1));
        assert!(answer.starts_with("101, 0{"), "no handshake: {answer}");
        scene
    }

    fn open(self, transport: &str, name: &'static str) -> Scene {
        let config = Arc::new(self.config.build().expect("a legal configuration"));
        let query = &self.query;
        let number = self.revision.number();
        let target = format!("/engine.io/?EIO={number}&transport={transport}{query}");
        let request = Request {
            method: "GET",
            target: &target,
            upgrade: transport == "websocket",
            accept_encoding: self.accept_encoding,
            ..Request::default()
        };
        let mut opening = opening(&config, &request);
        self.bundled.into_iter().for_each(|message| opening.message(message));
        let sid = Sid::from_text("S").expect("a legal sid");
        let session = Session::open(&config, opening, sid, ConnId(1), Instant::ZERO);
        let mut scene = Scene::new(session, config, self.accept_encoding, self.query);
        scene.name(name);
        scene
    }
}
