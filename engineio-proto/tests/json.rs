//! Values as JSON in messages.
#![cfg(feature = "json")]

use std::collections::BTreeMap;

use engineio_proto::Message;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Move<'a> {
    from: &'a str,
    to: &'a str,
}

const E4: Move<'_> = Move { from: "e2", to: "e4" };

#[test]
fn value_is_sent_as_text() {
    let message = Message::json(&E4).expect("JSON");
    assert_eq!(message, Message::from(r#"{"from":"e2","to":"e4"}"#));
    assert_eq!(message.to_json::<Move<'_>>().expect("a move"), E4);
}

#[test]
fn value_is_read_from_text_and_from_bytes() {
    let json = r#" {"to": "e4", "from": "e2"} "#;
    for message in [Message::from(json), Message::from(json.as_bytes().to_vec())] {
        assert_eq!(message.to_json::<Move<'_>>().expect("a move"), E4);
    }
}

#[test]
fn what_is_no_json_or_of_another_type_is_an_error() {
    let garbage = Message::from(vec![0xff, b'{']);
    assert!(garbage.to_json::<Move<'_>>().expect_err("garbage").is_syntax());
    let other = Message::from(r#"{"from":"e2"}"#);
    assert!(other.to_json::<Move<'_>>().expect_err("no `to`").is_data());
    let cut = Message::from(r#"{"from":"e2""#);
    assert!(cut.to_json::<Move<'_>>().expect_err("cut").is_eof());
    Message::json(&BTreeMap::from([(vec![1], 1)])).expect_err("keys must be text");
}
