//! Every setting of a server, with its default and the reason for it.

use core::time::Duration;

use bytestring::ByteString;

use crate::config_error::ConfigError;
use crate::cookie::Cookie;
use crate::cors::Cors;
use crate::node_tag::NodeTag;
use crate::revision::Revision;
use crate::settings::settings;
use crate::transport::Transport;

settings! {
    /// The limits, time-outs and features of a server.
    ///
    /// Made by [`ServerConfig::builder`]; a configuration that exists is consistent.
    /// `ServerConfig::default()` serves both revisions over both transports to pages
    /// of its own origin.
    ServerConfig, ServerConfigBuilder
    copied {
        /// The time between two pings, sent by the server in revision 4 and by the client in
        /// revision 3. Default 25 s, which is below the idle time-out of common proxies.
        ping_interval: Duration = Duration::from_secs(25);
        /// How long the answer to a ping may take. Default 20 s.
        ping_timeout: Duration = Duration::from_secs(20);
        /// How long a WebSocket that probes may take until its `2probe`. Default 10 s.
        upgrade_timeout: Duration = Duration::from_secs(10);
        /// How long a handshake waits for the application to accept it before it is refused
        /// with 503. Default 10 s. Enforced by the hub.
        accept_timeout: Duration = Duration::from_secs(10);
        /// How long a session that the application closed may take to hand over what
        /// was queued. Default 30 s, the reference server's.
        close_timeout: Duration = Duration::from_secs(30);
        /// How long a connection of an ended session may take to flush its last bytes.
        /// Default 5 s. Enforced by the hub.
        linger: Duration = Duration::from_secs(5);
        /// How long a session whose waiting poll was cut waits for the next one, before it
        /// ends. Default 2 s. (If none was cut, a client may be silent between two polls for
        /// as long as the heartbeat allows.)
        poll_grace: Duration = Duration::from_secs(2);
        /// How long the body of a POST may take to arrive, counted from its head. A slower
        /// one gets 408 and its session ends. Default 30 s.
        body_timeout: Duration = Duration::from_secs(30);
        /// How long an application may leave a full inbox unread before the session ends.
        /// Default 60 s.
        stall_timeout: Duration = Duration::from_secs(60);
        /// The longest POST body and WebSocket message accepted, in bytes, and the longest
        /// answer to a poll (unless one packet alone is longer). The handshake tells clients.
        /// Default 1,000,000, the reference server's.
        max_payload: usize = 1_000_000;
        /// The most packets accepted in one POST. Default 10,000: clients don't know
        /// the limit, so it is far above what they send.
        max_packets: usize = 10_000;
        /// The most packets in one answer to a poll. Default 16: python-engineio as a
        /// client refuses a payload with more.
        max_batch_packets: usize = 16;
        /// The outbox level, in bytes, from which the session is no longer writable.
        /// Default 1 MiB.
        outbox_high_water: usize = 1 << 20;
        /// The level, in bytes, to which the outbox must drain before the session is writable
        /// again. Default 256 KiB.
        outbox_low_water: usize = 256 << 10;
        /// The inbox level, in bytes, from which a WebSocket is no longer read and the `ok` of
        /// a POST is withheld for up to 4 s. Default 1 MiB.
        inbox_high_water: usize = 1 << 20;
        /// The inbox level, in bytes, from which a POST gets no answer until the application
        /// has read. Default 4 MiB.
        inbox_limit: usize = 4 << 20;
        /// Whether a session over polling may move to a WebSocket. Default yes. Without
        /// it the handshake names no upgrade and a probe is refused.
        allow_upgrades: bool = true;
        /// Whether clients may poll by JSONP: with scripts and forms, which browsers send to other
        /// origins without asking. Default no. Only clients of revision 3 have it, for browsers
        /// without CORS. A page of any origin can then open sessions of its own, with the cookies
        /// that the browser has for this server; only its POSTs still name their origin.
        jsonp: bool = false;
        /// Answers to polls of at least this many bytes are compressed if the client accepts
        /// it. Default 1,024, the reference server's; `None` compresses nothing.
        compression_threshold: Option<usize> = Some(1024) => Option<usize>;
        /// Whether WebSockets whose client offers it compress their messages (permessage-deflate,
        /// RFC 7692), in both directions. Default no, as with the reference server: it takes CPU
        /// time. Done by the hub.
        websocket_compression: bool = false;
        /// Messages over such a WebSocket are compressed from this many bytes on, with their type.
        /// Default 1,024, the reference server's.
        websocket_compression_threshold: usize = 1024;
        /// Whether pages of allowed origins may send credentials. Default no.
        cors_credentials: bool = false;
        /// How long a browser may cache a preflight. Default 10 minutes.
        cors_max_age: Duration = Duration::from_secs(600);
        /// Whether `X-Forwarded-Host` and `X-Forwarded-For` are trusted. Default no:
        /// switch it on only behind a proxy that sets them itself. Read by the hub.
        trust_forwarded: bool = false;
        /// The most sessions at one time; further handshakes get 503. Default no limit.
        /// Enforced by the hub.
        max_sessions: usize = usize::MAX;
        /// The most sessions at one time of one address, as the application sees it: of IPv4 an
        /// address, of IPv6 a /64. Handshakes that wait count, too; further ones get 503. Default
        /// no limit: many clients may share an address. Enforced by the hub.
        max_sessions_per_address: usize = usize::MAX;
        /// The most handshakes in a second, of all clients together; further ones get 503 before
        /// the application sees them. Default no limit. Enforced by the hub.
        max_handshakes_per_second: u32 = u32::MAX;
        /// The most handshakes that wait for the application at one time; further ones get
        /// 503. Default 1,024. Enforced by the hub.
        max_waiting: usize = 1024;
        /// The most memory, in bytes, that all clients together can make the server hold. Default
        /// 256 MiB, for a container of 512 MiB; at least `max_payload`. Enforced by the hub.
        ///
        /// Counted are the bodies of POSTs and the WebSocket messages that have come in part, the
        /// messages that wait for the application or for a client, and what waits to be written to
        /// a WebSocket. Of each of these three a session has 4 KiB that aren't counted. Longer
        /// answers to polls count while they are written; only the connection's time-out ends
        /// them. Not counted: what a session and a connection cost by themselves, and what the
        /// application keeps.
        ///
        /// From the bound until an eighth of it is free again, POSTs of more than 4 KiB get 503
        /// with `Retry-After`; a WebSocket whose session has something counted isn't read; and once
        /// in a second the sessions that hold the most and didn't get on since the last time end as
        /// [overloaded](crate::ServerCloseReason::Overloaded), until enough is free. Small messages
        /// go on.
        max_memory: usize = 256 << 20;
        /// The tag of this process among several that serve the same clients. It stands in front of
        /// the identifiers of its sessions, with a dot behind it, so that balancers and other nodes
        /// can tell whose a request is. Default none.
        node: Option<NodeTag> = None => Option<NodeTag>;
    }
    shared {
        /// The path of the requests to serve, with or without a slash behind it; `None` if
        /// [every path](ServerConfigBuilder::every_path) is served. Default `/engine.io`.
        path: Option<ByteString> = Some(ByteString::from_static("/engine.io")) => ByteString;
        /// The transports to serve. Default both.
        transports: Transports = Transports::ALL;
        /// The revisions to serve. Default both.
        revisions: Revisions = Revisions::ALL;
        /// Which origins are served. Default the server's own.
        cors: Cors = Cors::SameOrigin;
        /// The cookie with the session identifier. Default none.
        cookie: Option<Cookie> = None => Option<Cookie>;
    }
}

impl ServerConfig {
    /// A builder with all defaults.
    pub fn builder() -> ServerConfigBuilder {
        ServerConfigBuilder(Self::default())
    }

    pub(crate) const fn serves(&self, transport: Transport) -> bool {
        match transport {
            Transport::Polling => self.transports.polling,
            Transport::WebSocket => self.transports.websocket,
        }
    }

    pub(crate) const fn speaks(&self, revision: Revision) -> bool {
        match revision {
            Revision::V3 => self.revisions.v3,
            Revision::V4 => self.revisions.v4,
        }
    }

    /// Whether a session over polling may move to a WebSocket.
    pub(crate) const fn can_upgrade(&self) -> bool {
        self.allow_upgrades && self.transports.websocket
    }
}

/// Which transports are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transports {
    polling: bool,
    websocket: bool,
}

impl Transports {
    /// All of them.
    pub const ALL: Self = Self { polling: true, websocket: true };
    /// Polling alone.
    pub const POLLING: Self = Self { polling: true, websocket: false };
    /// WebSocket alone.
    pub const WEBSOCKET: Self = Self { polling: false, websocket: true };
}

/// Which revisions of the protocol are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revisions {
    v3: bool,
    v4: bool,
}

impl Revisions {
    /// Both.
    pub const ALL: Self = Self { v3: true, v4: true };
    /// Revision 3 alone.
    pub const V3: Self = Self { v3: true, v4: false };
    /// Revision 4 alone.
    pub const V4: Self = Self { v3: false, v4: true };
}

/// Collects settings; [`build`](Self::build) checks them.
///
/// Times are kept to the nanosecond but told to clients in milliseconds. They are at
/// least 1 ms, except `linger` and `cors_max_age`, which may be zero.
#[derive(Clone, Debug)]
pub struct ServerConfigBuilder(ServerConfig);

impl ServerConfigBuilder {
    /// Serves requests of every [path](Self::path), for a server that is mounted under a path of
    /// its own.
    #[must_use]
    pub fn every_path(mut self) -> Self {
        self.0.path = None;
        self
    }

    /// Builds the configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that is invalid, alone or together with another.
    /// Only the application's own settings can cause it, never a peer.
    pub fn build(self) -> Result<ServerConfig, ConfigError> {
        let config = self.0;
        let waits = [
            ("ping_interval", config.ping_interval),
            ("ping_timeout", config.ping_timeout),
            ("upgrade_timeout", config.upgrade_timeout),
            ("accept_timeout", config.accept_timeout),
            ("close_timeout", config.close_timeout),
            ("poll_grace", config.poll_grace),
            ("body_timeout", config.body_timeout),
            ("stall_timeout", config.stall_timeout),
        ];
        let amounts = [
            ("max_payload", config.max_payload),
            ("max_packets", config.max_packets),
            ("max_batch_packets", config.max_batch_packets),
            ("outbox_high_water", config.outbox_high_water),
            ("inbox_high_water", config.inbox_high_water),
        ];
        for (name, wait) in waits {
            if wait < Duration::from_millis(1) {
                return Err(ConfigError::Zero(name));
            }
        }
        for (name, amount) in amounts {
            if amount == 0 {
                return Err(ConfigError::Zero(name));
            }
        }
        if config.outbox_low_water > config.outbox_high_water {
            return Err(ConfigError::OutboxMarks);
        }
        if config.inbox_limit < config.inbox_high_water {
            return Err(ConfigError::InboxMarks);
        }
        if config.max_memory < config.max_payload {
            return Err(ConfigError::Memory);
        }
        if matches!(config.cors, Cors::Any) && config.cors_credentials {
            return Err(ConfigError::AnyOriginWithCredentials);
        }
        if let Some(path) = &config.path {
            let legal = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
            if !path.starts_with('/') || path.ends_with('/') || !path.bytes().all(legal) {
                return Err(ConfigError::Path);
            }
        }
        if let Some(cookie) = &config.cookie {
            cookie.check()?;
        }
        Ok(config)
    }
}
