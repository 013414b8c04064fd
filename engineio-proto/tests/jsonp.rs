//! Polling by scripts and forms.

mod common;

use common::{REVISIONS, Scene, scenario};
use engineio_proto::server::Event;
use engineio_proto::{ConnId, Message, Revision};

/// A session whose handshake asked for it with this index.
fn polling(revision: Revision, index: &str) -> Scene {
    let mut scene = opening(revision, index);
    scene.pull(ConnId(1));
    scene.forget_names();
    scene
}

fn opening(revision: Revision, index: &str) -> Scene {
    scenario().revision(revision).config(|it| it.jsonp(true)).query(format!("&j={index}")).opening()
}

fn body(scene: &mut Scene, conn: ConnId) -> String {
    String::from_utf8(scene.response(conn).body.to_vec()).unwrap()
}

/// The form that a browser makes of a payload that the client escaped.
fn form(payload: &str) -> String {
    let escaped = payload.replace("\\n", "\\\\n").replace('\n', "\\n");
    form_urlencoded::Serializer::new(String::new()).append_pair("d", &escaped).finish()
}

/// The message that comes of this form.
fn posted(form: &str) -> Message {
    let mut scene = polling(Revision::V4, "0");
    let post = scene.begin_post();
    scene.body(post, form.to_owned());
    let Some(Event::Message(message)) = scene.event() else { panic!("no message of {form}") };
    assert_eq!(scene.response(post).body, "ok");
    message
}

#[test]
fn handshake_is_answered_with_a_script() {
    for revision in REVISIONS {
        let mut scene = opening(revision, "7");
        let response = scene.response(ConnId(1));
        assert_eq!(response.headers.get("content-type"), Some("text/javascript; charset=UTF-8"));
        assert_eq!(response.headers.get("x-content-type-options"), Some("nosniff"));
        let script = String::from_utf8(response.body.to_vec()).unwrap();
        let literal = script.strip_prefix("___eio[7](").unwrap().strip_suffix(");").unwrap();
        let payload: String = serde_json::from_str(literal).unwrap();
        assert!(payload.contains(r#"0{"sid":"S""#), "{payload}");
    }
}

#[test]
fn index_has_only_digits() {
    for (index, digits) in [("4abc2", "42"), ("", ""), ("](alert(1))//", "1"), ("%22", "")] {
        let mut scene = polling(Revision::V4, index);
        scene.send("a");
        let poll = scene.get();
        assert_eq!(body(&mut scene, poll), format!("___eio[{digits}](\"4a\");"), "{index}");
    }
}

#[test]
fn message_is_a_literal_that_no_script_misreads() {
    for text in ["ä€😀", "a\"b\\n\\c\n\r\t\0", "</script><!--", "\u{2028}x\u{2029}\u{2028}", ""]
    {
        let mut scene = polling(Revision::V4, "0");
        scene.send(text);
        let poll = scene.get();
        let script = body(&mut scene, poll);
        assert!(!script.contains(['\u{2028}', '\u{2029}', '\n', '\r', '\0']), "{script}");
        let literal = script.strip_prefix("___eio[0](").unwrap().strip_suffix(");").unwrap();
        assert_eq!(serde_json::from_str::<String>(literal).unwrap(), format!("4{text}"));
    }
}

#[test]
fn binary_is_base64_although_nobody_asked_for_it() {
    for (revision, payload) in [(Revision::V4, "bAQID"), (Revision::V3, "6:b4AQID")] {
        let mut scene = polling(revision, "0");
        scene.send(&[1, 2, 3]);
        let poll = scene.get();
        assert_eq!(body(&mut scene, poll), format!("___eio[0](\"{payload}\");"));
    }
}

#[test]
fn post_is_a_form() {
    for text in ["ä€😀", "a b+c&d=e%20", "\n", "\\n", "\\\\n\n\\", "</script>\u{2028}", ""] {
        assert_eq!(posted(&form(&format!("4{text}"))), Message::from(text), "{text:?}");
    }
    assert_eq!(posted("x=1&d=4a"), Message::from("a"));
    assert_eq!(posted("d=bAQID"), Message::from(&[1, 2, 3]));
}

#[test]
fn lengths_of_revision_3_count_what_was_escaped_once() {
    let mut scene = polling(Revision::V3, "0");
    let post = scene.begin_post();
    scene.body(post, form("4:4a\nb2:4c"));
    assert_eq!(scene.outcome(), "p1: 200 ok | a\nb, c | polling");
}

#[test]
fn form_without_a_payload_is_broken() {
    for form in ["", "d", "d=", "e=4a", "d=7", "4a"] {
        let mut scene = polling(Revision::V4, "0");
        let post = scene.begin_post();
        scene.body(post, form.to_owned());
        assert_eq!(scene.outcome(), "p1: 400 | closed Packet | over", "{form:?}");
    }
}

#[test]
fn index_of_later_requests_is_not_looked_at() {
    let mut scene = polling(Revision::V4, "3");
    scene.send("a");
    let conn = scene.name("g");
    scene.ask(conn, "GET", "transport=polling&j=9", |request| request);
    assert_eq!(body(&mut scene, conn), "___eio[3](\"4a\");");
}

#[test]
fn session_may_move_to_a_websocket() {
    let mut scene = polling(Revision::V4, "0").upgraded();
    scene.send("a");
    assert_eq!(scene.outcome(), "w1: 4a | websocket");
}

#[test]
fn other_sessions_are_as_ever_where_it_is_allowed() {
    let mut scene = scenario().config(|it| it.jsonp(true)).polling();
    scene.send("a");
    let poll = scene.get();
    let response = scene.response(poll);
    assert_eq!(
        (&response.body[..], response.headers.get("x-content-type-options")),
        (&b"4a"[..], None)
    );
}
