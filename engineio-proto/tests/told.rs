//! What logs and metrics are told of those who are turned away.

mod common;

use common::{Failure, Transmit, scenario};
use engineio_proto::server::{
    Ambiguity, OriginRule, ProbeFailure, Refusal, RefusalCause, Route, foreign, route,
};
use engineio_proto::{ConnId, Cors, Request, ServerConfig, ServerConfigBuilder, Violation};

fn request(target: &str) -> Request<'_> {
    Request { method: "GET", target, host: Some("a.test"), ..Request::default() }
}

const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

fn refusal(config: &ServerConfig, request: &Request<'_>) -> Refusal {
    match route(config, request) {
        Route::Refuse(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn from_page(cors: Cors) -> Refusal {
    let config = ServerConfig::builder().cors(cors).build().expect("legal");
    let origin = Some(&b"https://b.test"[..]);
    refusal(&config, &Request { origin, ..request("/engine.io/?EIO=4&transport=polling") })
}

#[test]
fn origin_is_told_with_what_it_was_compared_with() {
    let told = from_page(Cors::SameOrigin).cause().to_string();
    assert!(told.contains(r#"the origin "https://b.test" isn't the host "a.test""#), "{told}");
    let list = ["https://a.test".into(), "https://c.test".into()].into();
    let refusal = from_page(Cors::List(list));
    let told = refusal.cause().to_string();
    assert!(told.contains(r#"which has ["https://a.test", "https://c.test"]"#), "{told}");
    // Not to the page.
    let body = refusal.response().body;
    assert_eq!(
        body,
        r#"{"code":4,"message":"Forbidden: origin https://b.test is not allowed at host a.test"}"#
    );
    let refusal = from_page(Cors::check(|_| false));
    let RefusalCause::Origin { rule: OriginRule::Function, .. } = refusal.cause() else {
        panic!("{refusal:?}");
    };
    let told = refusal.cause().to_string();
    assert_eq!(told, r#"the function of `cors` doesn't allow the origin "https://b.test""#);
}

#[test]
fn long_list_of_origins_is_told_in_part() {
    let list = (0..1000).map(|number| format!("https://{number}.test").into()).collect();
    let told = from_page(Cors::List(list)).cause().to_string();
    assert!(told.len() < 500, "{told}");
}

#[test]
fn websocket_without_its_upgrade_names_the_proxys_settings() {
    let config = ServerConfig::default();
    let refusal = refusal(&config, &request(WEBSOCKET));
    assert_eq!(refusal.cause(), &RefusalCause::UpgradeMissing);
    assert!(refusal.cause().to_string().contains("proxy_set_header Upgrade $http_upgrade"));
    assert_eq!(refusal.response().body, r#"{"code":3,"message":"Bad request"}"#);
}

#[test]
fn websocket_of_a_session_without_its_upgrade_is_the_same() {
    let mut scene = scenario().polling();
    let target = "/engine.io/?EIO=4&transport=websocket&sid=x";
    let Route::Session { exchange, .. } = route(&scene.config, &request(target)) else {
        panic!("a session's");
    };
    let conn = ConnId(99);
    scene.input(engineio_proto::server::Input::Request(conn, exchange));
    let Some(Transmit::Refuse(refusal)) = scene.session.poll_transmit(conn) else {
        panic!("refused");
    };
    assert_eq!(refusal.cause(), &RefusalCause::UpgradeMissing);
}

#[test]
fn path_that_is_not_ours_says_what_was_asked_for_and_what_is_served() {
    let config = ServerConfig::default();
    assert!(matches!(route(&config, &request("/socket.io/?EIO=4")), Route::Foreign));
    let refusal = foreign(&config, &request("/socket.io/?EIO=4"));
    assert!(refusal.cause().to_string().contains(r#""/socket.io/" was asked for"#));
    assert!(refusal.cause().to_string().contains("`every_path()`"));
    let response = refusal.response();
    assert_eq!(response.status, 404);
    assert_eq!(
        response.body,
        r#"{"message":"Not found: /socket.io/. Engine.IO is served at /engine.io/"}"#
    );
}

#[test]
fn page_that_may_connect_can_read_that_its_path_is_wrong() {
    let list = Cors::List(vec!["https://b.test".into()]);
    let config = ServerConfig::builder().cors(list).build().expect("legal");
    let allow = |origin: &'static [u8]| {
        let origin = Some(origin);
        let refusal = foreign(&config, &Request { origin, ..request("/socket.io/?EIO=4") });
        refusal.response().headers.get("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(allow(b"https://b.test").as_deref(), Some("https://b.test"));
    assert_eq!(allow(b"https://evil.test"), None);
}

#[test]
fn path_of_a_stranger_is_kept_short_and_can_not_break_out_of_the_body() {
    let target = format!("/\"{}", "x".repeat(10_000));
    let response = foreign(&ServerConfig::default(), &request(&target)).response();
    assert!(response.body.len() < 300);
    assert!(response.body.starts_with(br#"{"message":"Not found: /\"xxx"#));
}

#[test]
fn request_that_two_servers_could_read_differently_is_400_and_ends_its_connection() {
    let config = ServerConfig::default();
    for how in [Ambiguity::Length, Ambiguity::Coding, Ambiguity::Host] {
        for method in ["GET", "POST", "OPTIONS"] {
            let ambiguity = Some(how);
            let request =
                Request { method, ambiguity, ..request("/engine.io/?EIO=4&transport=polling") };
            let refusal = refusal(&config, &request);
            assert_eq!(refusal.cause(), &RefusalCause::Ambiguous(how));
            let response = refusal.response();
            assert_eq!((response.status, &response.body[..]), (400, &b""[..]));
            assert_eq!(response.headers.get("connection"), Some("close"));
        }
    }
    let foreign = Request { ambiguity: Some(Ambiguity::Length), ..request("/elsewhere") };
    assert!(matches!(route(&config, &foreign), Route::Foreign));
}

/// What a request of the scene is refused with.
fn refused(scene: &mut common::Scene, conn: ConnId) -> RefusalCause {
    match scene.session.poll_transmit(conn) {
        Some(Transmit::Refuse(refusal)) => refusal.cause().clone(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn refusals_of_a_session_have_their_causes() {
    let small = |config: ServerConfigBuilder| config.max_payload(10);
    let mut scene = scenario().config(small).polling().followed();
    let conn = scene.post(&["4too long for this"]);
    assert_eq!(refused(&mut scene, conn), RefusalCause::Violation(Violation::TooLarge));
    let conn = scene.begin_post();
    scene.wait(30_000);
    assert_eq!(refused(&mut scene, conn), RefusalCause::Violation(Violation::SlowBody));

    let mut scene = scenario().polling().parked();
    let conn = scene.get();
    assert_eq!(refused(&mut scene, conn), RefusalCause::Violation(Violation::OverlappingPolls));

    let mut scene = scenario().polling().posting();
    let conn = scene.conn("p1");
    scene.get();
    scene.get();
    assert_eq!(refused(&mut scene, conn), RefusalCause::Unfinished);
}

#[test]
fn failed_probe_is_told_once_with_how_it_failed() {
    let after = |act: &dyn Fn(&mut common::Scene)| {
        let mut scene = scenario().polling().probing();
        act(&mut scene);
        let told = scene.session.poll_turned_away();
        assert!(scene.session.poll_turned_away().is_none());
        told.map(|(conn, refusal)| {
            assert_eq!(conn, scene.conn("w1"));
            refusal.cause().clone()
        })
    };
    let probe = |scene: &mut common::Scene| scene.frame(scene.conn("w1"), "2probe");
    let leave = |scene: &mut common::Scene| scene.fail(scene.conn("w1"), Failure::Gone);
    let failed = |how| Some(RefusalCause::ProbeFailed(how));
    assert_eq!(after(&leave), failed(ProbeFailure::Gone));
    assert_eq!(after(&|scene| scene.wait(10_000)), failed(ProbeFailure::Silent));
    assert_eq!(
        after(&|scene| scene.frame(scene.conn("w1"), "4a")),
        failed(ProbeFailure::Unexpected)
    );
    let left = after(&|scene| {
        probe(scene);
        leave(scene);
    });
    assert_eq!(left, failed(ProbeFailure::GoneProbed));
    let silent = after(&|scene| {
        probe(scene);
        scene.get();
        scene.wait(20_000);
    });
    assert_eq!(silent, failed(ProbeFailure::SilentProbed));
    let completed = after(&|scene| {
        probe(scene);
        scene.frame(scene.conn("w1"), "5");
        leave(scene);
    });
    assert_eq!(completed, None);
}

#[test]
fn second_websocket_is_told() {
    let mut scene = scenario().polling().probing();
    let second = scene.upgrade();
    let (conn, refusal) = scene.session.poll_turned_away().expect("one was turned away");
    assert_eq!((conn, refusal.cause()), (second, &RefusalCause::SecondWebSocket));
}

#[test]
fn debug_shows_no_more_than_the_beginning_of_a_body() {
    use engineio_proto::client::Connect;
    use engineio_proto::server::Input;
    use engineio_proto::{ContentType, Payload, Response};

    let body = bytes::Bytes::from("x".repeat(10_000));
    let response =
        |status| Response { status, headers: Default::default(), body: body.clone(), coding: None };
    let post = Connect::Post {
        target: "/engine.io/".into(),
        body: body.clone(),
        content_type: "text/plain",
    };
    for shown in [
        format!("{:?}", response(200)),
        format!("{:?}", response(400)),
        format!("{:?}", Transmit::Respond(response(400))),
        format!("{:?}", Refusal::application(400, body.clone())),
        format!("{:?}", Transmit::Refuse(Refusal::application(400, body.clone()))),
        format!("{:?}", Input::Body(ConnId(1), body.clone())),
        format!("{:?}", engineio_proto::client::Input::Responded(ConnId(1), response(502))),
        format!("{:?}", Payload { body: body.clone(), content_type: ContentType::Text }),
        format!("{post:?}"),
    ] {
        assert!(shown.contains("10000 bytes"), "{shown}");
        assert!(!shown.contains(&"x".repeat(33)), "{shown}");
    }
}

#[test]
fn good_answer_does_not_show_the_sid() {
    let mut scene = scenario().opening();
    let answer = scene.response(ConnId(1));
    let sid = scene.session.sid().as_str().to_owned();
    assert!(String::from_utf8_lossy(&answer.body).contains(&sid));
    assert!(!format!("{answer:?}").contains(&sid), "{answer:?}");
}
