//! The handshake's part: what is offered, and what is agreed on.

use http::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_EXTENSIONS};

use super::{Deflate, MAX_WINDOW_BITS};
use crate::head::text;

/// A server has answered with an extension that wasn't offered, or with parameters that make no
/// sense. A client has to give up such a WebSocket (RFC 6455, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server has chosen a WebSocket extension that was not offered like this")]
#[non_exhaustive]
pub struct InvalidAnswer;

impl Deflate {
    /// What a server agrees to of the offers in a request: the first that it can accept. `None`:
    /// there is none, and messages stay as they are. Messages are compressed from `threshold` bytes
    /// on.
    ///
    /// An offer with an unknown, repeated or senseless parameter is declined, as RFC 7692 says in
    /// section 7.1, and so is one that limits the window to 256 bytes, which zlib can't do.
    pub fn accept(request: &HeaderMap, threshold: usize) -> Option<Self> {
        let lines = request.get_all(SEC_WEBSOCKET_EXTENSIONS).into_iter();
        Self::accept_of(lines.map(HeaderValue::as_bytes), threshold)
    }

    /// As [`accept`](Self::accept), of the lines of that header.
    pub(crate) fn accept_of<'r>(
        lines: impl Iterator<Item = &'r [u8]>,
        threshold: usize,
    ) -> Option<Self> {
        let mut offers = lines
            .filter_map(text)
            .flat_map(|line| line.split(','))
            .filter_map(|offer| parameters(offer).flatten());
        let offer = offers.find(|offer| offer.server_max_window_bits != Some(MIN_WINDOW_BITS))?;
        Some(Self::new(offer.server_max_window_bits, threshold, true))
    }

    /// The value of `Sec-WebSocket-Extensions` in a server's answer.
    pub fn answer(&self) -> HeaderValue {
        let without_window = HeaderValue::from_static(NO_CONTEXT_TAKEOVER);
        let Some(bits) = self.server_max_window_bits else { return without_window };
        let answer = format!("{NO_CONTEXT_TAKEOVER}; server_max_window_bits={bits}");
        HeaderValue::from_str(&answer).unwrap_or(without_window)
    }

    /// The value of `Sec-WebSocket-Extensions` in a client's request.
    pub const fn offer() -> HeaderValue {
        HeaderValue::from_static(NO_CONTEXT_TAKEOVER)
    }

    /// What a server has agreed to of the [`offer`](Self::offer). `None`: messages stay as they
    /// are. Messages are compressed from `threshold` bytes on.
    ///
    /// # Errors
    ///
    /// [`InvalidAnswer`]: the WebSocket must be given up.
    pub fn agreed(answer: &HeaderMap, threshold: usize) -> Result<Option<Self>, InvalidAnswer> {
        let mut lines = answer.get_all(SEC_WEBSOCKET_EXTENSIONS).into_iter();
        let Some(line) = lines.next() else { return Ok(None) };
        let agreed = line.to_str().ok().and_then(parameters).flatten().ok_or(InvalidAnswer)?;
        let is_as_offered =
            agreed.server_no_context_takeover && agreed.client_max_window_bits.is_none();
        if !is_as_offered || lines.next().is_some() {
            return Err(InvalidAnswer);
        }
        Ok(Some(Self::new(agreed.server_max_window_bits, threshold, false)))
    }

    fn new(server_max_window_bits: Option<u8>, threshold: usize, is_server: bool) -> Self {
        let threshold = u32::try_from(threshold).unwrap_or(u32::MAX);
        Self { threshold, server_max_window_bits, is_server }
    }
}

/// The parameters of an offer or an answer (RFC 7692, section 7.1).
#[derive(Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// An offer may leave the value to the server.
    client_max_window_bits: Option<Option<u8>>,
}

/// The parameters of this extension. `None` if it isn't permessage-deflate, and `Some(None)` if one
/// of them is unknown, repeated or senseless.
///
/// The grammar allows a value in quotes, but only one that would be legal without them (RFC 6455,
/// section 9.1). So no comma and no semicolon can be quoted.
fn parameters(extension: &str) -> Option<Option<Parameters>> {
    let mut parts = extension.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return None;
    }
    let mut all = Parameters::default();
    Some(parts.try_for_each(|part| all.add(part)).map(|()| all))
}

impl Parameters {
    fn add(&mut self, parameter: &str) -> Option<()> {
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start()))),
            None => (parameter, None),
        };
        let is_repeated = match (name, value) {
            ("server_no_context_takeover", None) => {
                std::mem::replace(&mut self.server_no_context_takeover, true)
            }
            ("client_no_context_takeover", None) => {
                std::mem::replace(&mut self.client_no_context_takeover, true)
            }
            ("server_max_window_bits", Some(value)) => {
                self.server_max_window_bits.replace(window_bits(value)?).is_some()
            }
            ("client_max_window_bits", None) => self.client_max_window_bits.replace(None).is_some(),
            ("client_max_window_bits", Some(value)) => {
                self.client_max_window_bits.replace(Some(window_bits(value)?)).is_some()
            }
            _ => return None,
        };
        (!is_repeated).then_some(())
    }
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// A decimal number from 8 to 15, without zeros in front.
fn window_bits(value: &str) -> Option<u8> {
    let bits = value.parse().ok()?;
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    (is_plain && (MIN_WINDOW_BITS..=MAX_WINDOW_BITS).contains(&bits)).then_some(bits)
}

/// The only form of the extension that is ever agreed on.
const NO_CONTEXT_TAKEOVER: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// RFC 7692, section 7.1.2.
const MIN_WINDOW_BITS: u8 = 8;
