//! How a client's session comes to be: its settings, and what its server says first.

use std::sync::Arc;

use engineio_proto::client::Session;
use engineio_proto::{ClientConfig, ClientConfigBuilder, RevisionChoice};
use engineio_proto::{Instant, Revision, Transport};

use super::client_scene::ClientScene;

/// A client in the making.
pub(crate) fn client() -> ClientScenario {
    ClientScenario {
        config: ClientConfig::builder().timestamp(false),
        revision: Revision::V4,
        max_payload: Some(1_000_000),
        heartbeat: (25_000, 20_000),
    }
}

pub(crate) struct ClientScenario {
    config: ClientConfigBuilder,
    revision: Revision,
    max_payload: Option<usize>,
    heartbeat: (u64, u64),
}

impl ClientScenario {
    pub(crate) fn v3(self) -> Self {
        self.revision(Revision::V3)
    }

    /// The revision that both sides speak.
    pub(crate) fn revision(self, revision: Revision) -> Self {
        let config = self.config.revision(RevisionChoice::Only(revision));
        Self { revision, config, ..self }
    }

    /// Begins with revision 4; the server may make it 3.
    pub(crate) fn auto(self) -> Self {
        Self { config: self.config.revision(RevisionChoice::Auto), ..self }
    }

    pub(crate) fn config(
        self,
        change: impl FnOnce(ClientConfigBuilder) -> ClientConfigBuilder,
    ) -> Self {
        Self { config: change(self.config), ..self }
    }

    pub(crate) fn transports(self, transports: &[Transport]) -> Self {
        self.config(|config| config.transports(transports.to_vec()))
    }

    /// What the server says of itself. Default 1,000,000.
    pub(crate) fn max_payload(self, bytes: impl Into<Option<usize>>) -> Self {
        Self { max_payload: bytes.into(), ..self }
    }

    /// Interval and time-out that the server asks for.
    pub(crate) fn heartbeat(self, interval: u64, timeout: u64) -> Self {
        Self { heartbeat: (interval, timeout), ..self }
    }

    /// Nothing was started yet.
    pub(crate) fn created(self) -> ClientScene {
        let config = Arc::new(self.config.build().expect("a legal configuration"));
        let session = Session::connect(&config, Instant::ZERO, 1);
        ClientScene::new(session, self.revision, self.max_payload, self.heartbeat)
    }

    /// The handshake has no answer yet: `g1` or `w1`.
    pub(crate) fn opening(self) -> ClientScene {
        let mut scene = self.created();
        scene.outcome();
        scene
    }

    /// Open over polling, with no WebSocket in sight; the poll `g1` waits.
    pub(crate) fn polling(self) -> ClientScene {
        self.open("")
    }

    /// Open over polling; the poll `g1` waits, and `w1` has no 101 yet.
    pub(crate) fn asking(self) -> ClientScene {
        self.open("\"websocket\"")
    }

    /// `2probe` has left.
    pub(crate) fn probing(self) -> ClientScene {
        let mut scene = self.asking();
        scene.upgraded("w1");
        assert_eq!(scene.outcome(), "w1: 2probe | polling");
        scene
    }

    /// `3probe` came; the poll `g1` still waits.
    pub(crate) fn pausing(self) -> ClientScene {
        let mut scene = self.probing();
        scene.frame("w1", "3probe");
        assert_eq!(scene.outcome(), "polling");
        scene
    }

    /// `5` has left: everything goes over `w1`.
    pub(crate) fn moved(self) -> ClientScene {
        let mut scene = self.pausing();
        scene.answer("g1", &["6"]);
        assert_eq!(scene.outcome(), "w1: 5 | upgraded | websocket");
        scene
    }

    /// Born on a WebSocket, `w1`.
    pub(crate) fn websocket(self) -> ClientScene {
        let mut scene = self.transports(&[Transport::WebSocket]).opening();
        scene.upgraded("w1");
        scene.frame("w1", &scene.open_packet(""));
        assert_eq!(scene.outcome(), "opened | websocket");
        scene
    }

    fn open(self, upgrades: &str) -> ClientScene {
        let mut scene = self.opening();
        scene.answer("g1", &[&scene.open_packet(upgrades)]);
        scene.forget_names();
        let outcome = scene.outcome();
        assert!(outcome.ends_with("opened | polling"), "no handshake: {outcome}");
        scene
    }
}
