//! Where a request belongs. Needs no session and keeps no state: the same request
//! always gets the same answer.

use alloc::borrow::Cow;

use bytestring::ByteString;

use super::cause::{OriginRule, RefusalCause};
use super::exchange::{Eio, Exchange, Kind, Opening};
use super::jsonp::{Index, Style};
use super::query::Query;
use super::refusal::Refusal;
use crate::codec::{BinaryEncoding, ContentType};
use crate::coding::Coding;
use crate::config::ServerConfig;
use crate::cors::{self, Origin};
use crate::excerpt::excerpt;
use crate::http::{Headers, Request, Response, is_token};
use crate::revision::Revision;
use crate::text::cut;
use crate::transport::Transport;

/// What to do with a request.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Route<'r> {
    /// Not for this server: the path is another one.
    Foreign,
    /// Write this answer: to a preflight.
    Answer(Response),
    /// Refuse it.
    Refuse(Refusal),
    /// A handshake. The application may take its time; nothing is reserved.
    Open(Opening),
    /// A request of the session `sid`, if there is one.
    Session {
        /// The session's identifier, as the client gave it.
        sid: Cow<'r, str>,
        /// The request itself.
        exchange: Exchange,
    },
}

/// Says where a request belongs.
///
/// The checks and their order are the reference server's (`verify` in
/// `engine.io/lib/server.ts`), with the origin and the revision checked as well.
/// Allocates nothing for [`Route::Foreign`].
pub fn route<'r>(config: &ServerConfig, request: &Request<'r>) -> Route<'r> {
    let (path, query) = cut(request.target, b'?').unwrap_or((request.target, ""));
    if !has_path(config, path) {
        return Route::Foreign;
    }
    if let Some(how) = request.ambiguity {
        return Route::Refuse(Refusal::new(RefusalCause::Ambiguous(how), Headers::new()));
    }
    let verdict = cors::check(config.cors(), config.cors_credentials(), request);
    if request.method == "OPTIONS" {
        let max_age = config.cors_max_age();
        return Route::Answer(cors::preflight(config.cors(), max_age, request, verdict));
    }
    let refuse = |cause, headers| Route::Refuse(Refusal::new(cause, headers));
    let query = Query::parse(query);

    let name = query.transport.as_deref();
    let transport = name.and_then(Transport::from_query).filter(|it| config.serves(*it));
    let Some(transport) = transport else {
        return refuse(
            RefusalCause::UnknownTransport(excerpt(name.unwrap_or(""))),
            verdict.headers,
        );
    };
    match verdict.origin {
        Origin::Allowed => {}
        Origin::Invalid => return refuse(RefusalCause::InvalidOrigin, verdict.headers),
        Origin::Refused(origin) => {
            let origin = excerpt(origin);
            let host = excerpt(request.host.unwrap_or(""));
            let rule = OriginRule::of(config.cors());
            return refuse(RefusalCause::Origin { origin, host, rule }, verdict.headers);
        }
    }
    let arrival = Arrival { transport, request, headers: verdict.headers, config };
    if transport == Transport::WebSocket && request.method == "GET" && request.is_http_1_0 {
        // Such a proxy may have taken the `Upgrade` away as well, or not.
        return refuse(RefusalCause::WebSocketOverHttp10, arrival.headers);
    }
    match query.sid {
        Some(sid) => session(sid, query.eio.as_deref(), query.binary, arrival),
        None => handshake(&query, arrival),
    }
}

/// The refusal of a request that is [foreign](Route::Foreign), where nothing else serves it. A page
/// whose origin is allowed can read it: otherwise its browser would blame CORS for a wrong path.
pub fn foreign(config: &ServerConfig, request: &Request<'_>) -> Refusal {
    let (path, _) = request.target.split_once('?').unwrap_or((request.target, ""));
    let served = config.path().as_ref().map(|path| alloc::format!("{path}/").into());
    let cause = RefusalCause::Path { asked: excerpt(path), served: served.unwrap_or_default() };
    let verdict = cors::check(config.cors(), config.cors_credentials(), request);
    Refusal::new(cause, verdict.headers)
}

/// A request that passed the checks that all requests share.
struct Arrival<'a, 'r> {
    transport: Transport,
    request: &'a Request<'r>,
    /// For the answer.
    headers: Headers,
    config: &'a ServerConfig,
}

impl Arrival<'_, '_> {
    fn coding(&self) -> Option<Coding> {
        self.config.compression_threshold()?;
        self.request.accept_encoding.and_then(Coding::negotiate)
    }

    /// A browser fails a WebSocket on which none of its sub-protocols was chosen;
    /// the first is chosen, as by the reference server.
    fn subprotocol(&self) -> Option<ByteString> {
        let first = self.request.sec_websocket_protocol?.split(',').next()?.trim();
        is_token(first).then(|| first.into())
    }
}

fn session<'r>(
    sid: Cow<'r, str>,
    eio: Option<&str>,
    binary: BinaryEncoding,
    arrival: Arrival<'_, 'r>,
) -> Route<'r> {
    let request = arrival.request;
    let kind = match (request.method, request.upgrade) {
        ("GET", true) => Kind::Framed(Transport::WebSocket),
        ("GET", false) => Kind::Poll,
        ("POST", false) => Kind::Post,
        (method, _) => {
            let cause = RefusalCause::Method(excerpt(method));
            return Route::Refuse(Refusal::new(cause, arrival.headers));
        }
    };
    let exchange = Exchange {
        kind,
        transport: arrival.transport,
        eio: Eio::of(eio),
        // Compared as the reference server does: whole.
        content_type: match request.content_type {
            Some("application/octet-stream") => ContentType::Binary,
            Some(_) | None => ContentType::Text,
        },
        coding: arrival.coding(),
        subprotocol: arrival.subprotocol(),
        binary,
        headers: arrival.headers,
    };
    Route::Session { sid, exchange }
}

fn handshake<'r>(query: &Query<'_>, arrival: Arrival<'_, 'r>) -> Route<'r> {
    let request = arrival.request;
    let eio = query.eio.as_deref();
    // Swift clients up to 15.2 don't say what they speak. The reference server, too, takes whoever
    // doesn't ask for revision 4 for one of revision 3 (`verify` and `handshake`).
    let revision = eio.map_or(Some(Revision::V3), Revision::from_query);
    let revision = revision.filter(|it| arrival.config.speaks(*it));
    let is_framed = matches!(arrival.transport, Transport::WebSocket);
    let cause = match revision {
        _ if request.method != "GET" => RefusalCause::HandshakeMethod(excerpt(request.method)),
        _ if is_framed && !request.upgrade => RefusalCause::UpgradeMissing,
        _ if is_framed != request.upgrade => RefusalCause::TransportMismatch,
        None => RefusalCause::UnsupportedRevision(excerpt(eio.unwrap_or(""))),
        Some(_) if query.jsonp.is_some() && !(arrival.config.jsonp() || is_framed) => {
            RefusalCause::Jsonp
        }
        Some(revision) => {
            return Route::Open(Opening {
                transport: arrival.transport,
                revision,
                style: match &query.jsonp {
                    Some(j) if !is_framed => Style::jsonp(Index::of(j)),
                    Some(_) | None => Style::plain(query.binary),
                },
                coding: arrival.coding(),
                subprotocol: arrival.subprotocol(),
                offers_upgrades: true,
                messages: alloc::vec::Vec::new(),
                headers: arrival.headers,
            });
        }
    };
    Route::Refuse(Refusal::new(cause, arrival.headers))
}

/// Whether [`route`] would find a request with this target (path and query) anything but
/// [foreign](Route::Foreign): it has the configured path, with or without a slash behind it, and
/// nothing longer. For a binding that has to convert a request before it can be routed.
pub fn is_ours(config: &ServerConfig, target: &str) -> bool {
    let (path, _) = cut(target, b'?').unwrap_or((target, ""));
    has_path(config, path)
}

fn has_path(config: &ServerConfig, path: &str) -> bool {
    let Some(ours) = config.path() else { return true };
    matches!(path.strip_prefix(&**ours), Some("" | "/"))
}
