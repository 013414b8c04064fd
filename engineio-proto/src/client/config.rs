//! Every setting of a client, with its default and the reason for it.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use bytestring::ByteString;

use crate::config_error::ConfigError;
use crate::revision::Revision;
use crate::settings::settings;
use crate::transport::Transport;

settings! {
    /// How a client reaches its server, with its limits and time-outs.
    ///
    /// Made by [`ClientConfig::builder`]; a configuration that exists is consistent.
    /// `ClientConfig::default()` begins with polling and moves to a WebSocket, in revision 4.
    ClientConfig, ClientConfigBuilder
    copied {
        /// How long each transport has for the handshake, from the first request to the
        /// open packet. Default 20 s.
        connect_timeout: Duration = Duration::from_secs(20);
        /// How long a WebSocket that probes has until `3probe`, and then the last poll
        /// until its answer. Default 10 s. The session goes on over polling afterwards.
        upgrade_timeout: Duration = Duration::from_secs(10);
        /// How long [`close`](super::Session::close) may take to hand over what was queued.
        /// Default 10 s.
        close_timeout: Duration = Duration::from_secs(10);
        /// How long a WebSocket of an ended session may take to flush its last bytes.
        /// Default 5 s. Enforced by the binding.
        linger: Duration = Duration::from_secs(5);
        /// The longest answer and WebSocket message accepted, in bytes. Default 16 MiB: servers
        /// may put everything that waits into one answer, whatever their own limit is.
        max_payload: usize = 16 << 20;
        /// The most packets accepted in one answer. Default 10,000.
        max_packets: usize = 10_000;
        /// The most packets in one POST. Default 16: python-engineio refuses more.
        max_batch_packets: usize = 16;
        /// The outbox level, in bytes, from which the session is no longer writable.
        /// Default 1 MiB.
        outbox_high_water: usize = 1 << 20;
        /// The level, in bytes, to which the outbox must drain before the session is writable
        /// again. Default 256 KiB.
        outbox_low_water: usize = 256 << 10;
        /// The inbox level, in bytes, from which a WebSocket is no longer read and no poll is
        /// started. Default 1 MiB.
        inbox_high_water: usize = 1 << 20;
        /// Whether a session over polling moves to a WebSocket, if [`transports`] has it
        /// and the server offers it. Default yes.
        ///
        /// [`transports`]: Self::transports
        upgrade: bool = true;
        /// Whether each poll and POST has a unique `t` in its query, so that no cache takes one
        /// for another. Default yes.
        timestamp: bool = true;
        /// Whether the path ends with a slash, wherever it was given without one or with one.
        /// Default yes, as with the JavaScript and Python clients: the servers of both, and many
        /// routes of proxies, are at `/engine.io/` alone.
        trailing_slash: bool = true;
        /// Whether a WebSocket offers the server to compress messages (permessage-deflate,
        /// RFC 7692), in both directions. Default no. Done by the hub.
        websocket_compression: bool = false;
        /// Messages over such a WebSocket are compressed from this many bytes on, with their type.
        /// Default 1,024, as with the JavaScript client.
        websocket_compression_threshold: usize = 1024;
        /// Which revision to speak. Default 4.
        revision: RevisionChoice = RevisionChoice::Only(Revision::V4);
    }
    shared {
        /// The path of the requests, percent-encoded; see [`trailing_slash`](Self::trailing_slash)
        /// for its end. Default `/engine.io/`.
        path: ByteString = ByteString::from_static("/engine.io/") => ByteString;
        /// The beginning of the query, percent-encoded: `token=a%20b&room=1`. Default empty.
        query: ByteString = ByteString::new() => ByteString;
        /// The transports to use; they are tried in order. Default polling and WebSocket.
        transports: Vec<Transport> = vec![Transport::Polling, Transport::WebSocket] => Vec<Transport>;
    }
}

/// Which revision of the protocol a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevisionChoice {
    /// This one.
    Only(Revision),
    /// Revision 4, or 3 if the server turns out to speak that.
    ///
    /// Over polling servers of revision 3 are recognised by their answer. Over a WebSocket
    /// the two can't be told apart: a server of revision 3 then never pings, and the
    /// session ends with [`PingTimeout`](crate::ClientCloseReason::PingTimeout).
    Auto,
}

impl RevisionChoice {
    pub(super) const fn first(self) -> Revision {
        match self {
            Self::Only(revision) => revision,
            Self::Auto => Revision::V4,
        }
    }
}

impl ClientConfig {
    /// A builder with all defaults.
    pub fn builder() -> ClientConfigBuilder {
        ClientConfigBuilder(Self::default())
    }

    /// Whether a session over polling may move to a WebSocket.
    pub(super) fn can_upgrade(&self) -> bool {
        self.upgrade && self.transports.contains(&Transport::WebSocket)
    }
}

/// Collects settings; [`build`](Self::build) checks them.
#[derive(Clone, Debug, Default)]
pub struct ClientConfigBuilder(ClientConfig);

impl ClientConfigBuilder {
    /// Adds a parameter to the [query](Self::query), percent-encoding it.
    #[must_use]
    pub fn query_pair(mut self, name: &str, value: &str) -> Self {
        let mut query = form_urlencoded::Serializer::new(String::from(&*self.0.query));
        query.append_pair(name, value);
        self.0.query = query.finish().into();
        self
    }

    /// Builds the configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that is invalid, alone or together with another.
    pub fn build(self) -> Result<ClientConfig, ConfigError> {
        let config = self.0;
        let waits = [
            ("connect_timeout", config.connect_timeout),
            ("upgrade_timeout", config.upgrade_timeout),
            ("close_timeout", config.close_timeout),
        ];
        let amounts = [
            ("max_payload", config.max_payload),
            ("max_packets", config.max_packets),
            ("max_batch_packets", config.max_batch_packets),
            ("outbox_high_water", config.outbox_high_water),
            ("inbox_high_water", config.inbox_high_water),
            ("transports", config.transports.len()),
        ];
        if let Some((name, _)) = waits.iter().find(|(_, wait)| *wait < Duration::from_millis(1)) {
            return Err(ConfigError::Zero(name));
        }
        if let Some((name, _)) = amounts.iter().find(|(_, amount)| *amount == 0) {
            return Err(ConfigError::Zero(name));
        }
        if config.outbox_low_water > config.outbox_high_water {
            return Err(ConfigError::OutboxMarks);
        }
        let legal = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        let is_path = |byte: u8| legal(byte) && byte != b'?';
        if !config.path.starts_with('/') || !config.path.bytes().all(is_path) {
            return Err(ConfigError::ClientPath);
        }
        if !config.query.bytes().all(legal) {
            return Err(ConfigError::Query);
        }
        Ok(config)
    }
}
