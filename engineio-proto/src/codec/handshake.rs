//! The data of the open packet.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use bytestring::ByteString;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Number;

use crate::error::DecodeError;
use crate::sid::Sid;
use crate::transport::Transport;

/// The data with which a server opens a session: the JSON in the open packet.
///
/// The same in both revisions (`onOpen` of `engine.io/lib/socket.ts`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever writes one must know every field")]
pub struct HandshakeData {
    /// Names the session in every later request.
    pub sid: Sid,
    /// The transports that the client may move to.
    pub upgrades: Vec<Transport>,
    /// The time between two pings. On the wire in milliseconds, like the next.
    pub ping_interval: Duration,
    /// How long a ping or its answer may take to arrive.
    pub ping_timeout: Duration,
    /// How many bytes the server takes in one payload. Servers before engine.io
    /// 6.2 don't say; a 0 is read as no limit, as `engine.io-client` does.
    pub max_payload: Option<usize>,
}

impl HandshakeData {
    /// The JSON, with its fields in the order of the reference and without spaces.
    pub fn to_json(&self) -> ByteString {
        let Self { sid, upgrades, ping_interval, ping_timeout, max_payload } = self;
        to_json(sid, upgrades, *ping_interval, *ping_timeout, *max_payload)
    }

    /// Reads the JSON. Unknown fields and unknown transports are left out, and a
    /// server without `upgrades`, or with `null` for them, has none. Numbers may have a fraction,
    /// as languages without integers write them: it is dropped.
    ///
    /// # Errors
    ///
    /// - [`DecodeError::HandshakeJson`] if it is not JSON, or a field has a value of the
    ///   wrong kind.
    /// - [`DecodeError::HandshakeLacks`] without `sid`, `pingInterval` or `pingTimeout`.
    /// - [`DecodeError::HandshakeSid`] if the `sid` can't be put into a URL as it is.
    pub fn from_json(json: &str) -> Result<Self, DecodeError> {
        let fields: Fields = serde_json::from_str(json)
            .map_err(|error| DecodeError::HandshakeJson { column: error.column() })?;
        let lacks = |field| DecodeError::HandshakeLacks { field };
        let sid = fields.sid.ok_or_else(|| lacks("sid"))?;
        let ping_interval = fields.ping_interval.ok_or_else(|| lacks("pingInterval"))?;
        let ping_timeout = fields.ping_timeout.ok_or_else(|| lacks("pingTimeout"))?;
        Ok(Self {
            sid: Sid::from_text(sid).map_err(DecodeError::HandshakeSid)?,
            upgrades: fields
                .upgrades
                .iter()
                .flatten()
                .filter_map(|name| Transport::from_query(name))
                .collect(),
            ping_interval: Duration::from_millis(ping_interval),
            ping_timeout: Duration::from_millis(ping_timeout),
            max_payload: fields
                .max_payload
                .filter(|&bytes| bytes > 0)
                .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        })
    }
}

/// As [`HandshakeData::to_json`], of fields that are somewhere else.
pub(crate) fn to_json(
    sid: &Sid,
    upgrades: &[Transport],
    ping_interval: Duration,
    ping_timeout: Duration,
    max_payload: Option<usize>,
) -> ByteString {
    let millis = |time: Duration| time.as_millis().try_into().unwrap_or(u64::MAX);
    let mut digits = [itoa::Buffer::new(); 3];
    let [first, second, third] = &mut digits;
    let max_payload = max_payload.map(|bytes| third.format(bytes));
    // Nothing here can need escaping: an identifier is made of harmless
    // characters, and the names of the transports are ours.
    let before = [r#"{"sid":""#, sid.as_str(), r#"","upgrades":["#];
    let after = [
        r#"],"pingInterval":"#,
        first.format(millis(ping_interval)),
        r#","pingTimeout":"#,
        second.format(millis(ping_timeout)),
        if max_payload.is_some() { r#","maxPayload":"# } else { "" },
        max_payload.unwrap_or_default(),
        "}",
    ];
    let names = upgrades.iter().map(|transport| transport.name().len() + r#""","#.len());
    let parts = before.iter().chain(&after).map(|part| part.len());
    // Exactly as long as the JSON is, or it would need another allocation to be shared.
    let len = parts.chain(names).sum::<usize>() - usize::from(!upgrades.is_empty());
    let mut json = String::with_capacity(len);
    before.iter().for_each(|part| json.push_str(part));
    for (place, transport) in upgrades.iter().enumerate() {
        json.push_str(if place > 0 { ",\"" } else { "\"" });
        json.push_str(transport.name());
        json.push('"');
    }
    after.iter().for_each(|part| json.push_str(part));
    json.into()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    sid: Option<String>,
    upgrades: Option<Vec<String>>,
    #[serde(default, deserialize_with = "whole")]
    ping_interval: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    ping_timeout: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    max_payload: Option<u64>,
}

/// A number that isn't negative, without its fraction. JSON has only one kind of number, and some
/// servers write `25000.0`, as Python does after a division.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else { return Ok(None) };
    let fraction = || number.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64);
    let whole = number.as_u64().or_else(fraction);
    whole.map(Some).ok_or_else(|| D::Error::custom("a negative number"))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::sid::InvalidSid;

    const REFERENCE: &str = r#"{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

    fn reference() -> HandshakeData {
        HandshakeData {
            sid: Sid::from_text("lv_VI97HAXpY6yYWAAAB").unwrap(),
            upgrades: vec![Transport::WebSocket],
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: Some(1_000_000),
        }
    }

    #[test]
    fn json_is_the_reference_servers_byte_for_byte() {
        assert_eq!(reference().to_json(), REFERENCE);
        assert_eq!(HandshakeData::from_json(REFERENCE), Ok(reference()));
    }

    #[test]
    fn no_upgrades_are_an_empty_list_and_no_limit_is_no_field() {
        let handshake = HandshakeData { upgrades: vec![], max_payload: None, ..reference() };
        let json = handshake.to_json();
        assert!(json.contains(r#""upgrades":[],"#));
        assert!(json.ends_with(r#""pingTimeout":20000}"#));
        assert_eq!(HandshakeData::from_json(&json), Ok(handshake));
    }

    #[test]
    fn what_a_client_does_not_know_is_left_out() {
        let json = r#" { "pingTimeout": 1, "new": [{}], "sid": "a", "pingInterval": 2,
            "upgrades": ["webtransport9", "websocket"] } "#;
        let handshake = HandshakeData::from_json(json).unwrap();
        assert_eq!(handshake.upgrades, [Transport::WebSocket]);
        assert_eq!(handshake.max_payload, None);
    }

    #[test]
    fn numbers_may_have_a_fraction_and_no_upgrades_may_be_null() {
        let json = REFERENCE.replace("25000", "25000.0").replace("20000", "2e4");
        let json = json.replace("1000000", "1000000.9");
        assert_eq!(HandshakeData::from_json(&json), Ok(reference()));

        let json = REFERENCE.replace("[\"websocket\"]", "null").replace("1000000", "null");
        let handshake = HandshakeData { upgrades: vec![], max_payload: None, ..reference() };
        assert_eq!(HandshakeData::from_json(&json), Ok(handshake));

        let json = REFERENCE.replace("25000", "1e300");
        let handshake = HandshakeData::from_json(&json).unwrap();
        assert_eq!(handshake.ping_interval.as_millis(), u128::from(u64::MAX));
    }

    #[test]
    fn limit_of_zero_is_no_limit() {
        let json = r#"{"sid":"a","pingInterval":1,"pingTimeout":1,"maxPayload":0}"#;
        assert_eq!(HandshakeData::from_json(json).unwrap().max_payload, None);
    }

    #[test]
    fn largest_numbers_fit() {
        let json = r#"{"sid":"a","pingInterval":18446744073709551615,"pingTimeout":0,"maxPayload":18446744073709551615}"#;
        let handshake = HandshakeData::from_json(json).unwrap();
        assert_eq!(handshake.ping_interval.as_millis(), u128::from(u64::MAX));
        assert_eq!(handshake.max_payload, Some(usize::MAX));
    }

    #[test]
    fn error_names_the_field_that_is_missing() {
        for field in ["sid", "pingInterval", "pingTimeout"] {
            let json = REFERENCE.replace(field, "other");
            let error = HandshakeData::from_json(&json).unwrap_err();
            assert_eq!(error, DecodeError::HandshakeLacks { field });
        }
    }

    #[test]
    fn what_is_not_such_json_is_refused() {
        for json in ["", "{", "[]", "null", "\"sid\"", "ok"] {
            let error = HandshakeData::from_json(json).unwrap_err();
            assert!(matches!(error, DecodeError::HandshakeJson { .. }), "{json}");
        }
        for (field, wrong) in [("25000", "-1"), ("25000", "-0.5"), ("20000", "\"x\""), ("[", "[1,")]
        {
            let error = HandshakeData::from_json(&REFERENCE.replace(field, wrong)).unwrap_err();
            assert!(matches!(error, DecodeError::HandshakeJson { column: 1.. }), "{wrong}");
        }
    }

    #[test]
    fn sid_that_needs_escaping_is_refused() {
        let json = REFERENCE.replace("lv_VI97HAXpY6yYWAAAB", "a b");
        assert_eq!(HandshakeData::from_json(&json), Err(DecodeError::HandshakeSid(InvalidSid)));
    }
}
