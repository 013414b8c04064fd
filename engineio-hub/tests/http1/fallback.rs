//! Requests for other paths.

use std::time::Duration;

use engineio_hub::RemoteAddr;
use engineio_hub::http1::Fallback;
use http::{Response, StatusCode};

use crate::client::{ADDRESS, Client, get, post, with};
use crate::common::world::World;

#[test]
fn fallback_is_given_the_whole_request_and_gives_the_whole_answer() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let fallback = Fallback::new(|request| {
            assert_eq!(request.method(), "POST");
            assert_eq!(request.uri(), "/other?query");
            assert_eq!(request.headers()["x-asked"], "yes");
            assert_eq!(request.extensions().get(), Some(&RemoteAddr(ADDRESS)));
            Response::builder()
                .status(StatusCode::CREATED)
                .header("x-answered", "yes")
                // These two are the connection's own.
                .header("transfer-encoding", "chunked")
                .header("content-length", "1")
                .body(request.into_body())
                .unwrap()
        });
        let client = Client::falling_back(&app, &fallback);
        let large = "a".repeat(64 << 10);
        for body in ["", "small", &large] {
            let request = with(&post("/other?query", body), "X-Asked: yes");
            let answer = client.ask(request).await.expect(201);
            assert_eq!(answer.header("x-answered"), Some("yes"));
            assert_eq!(answer.header("transfer-encoding"), None);
            assert_eq!(answer.body, body);
        }
    });
}

#[test]
fn without_a_fallback_other_paths_are_404_and_the_observer_is_told() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        client.ask(get("/other")).await.expect(404);
        assert_eq!(app.log.refusals(), ["warn GET /other 192.0.2.1 path"]);
        client.ask(get("/other")).await.expect(404);
    });
}

#[test]
fn fallback_that_panics_or_gives_no_final_answer_is_500() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let fallback = Fallback::new(|request| {
            assert_ne!(request.uri(), "/panic");
            let is_early = request.uri() == "/early";
            let status = if is_early { StatusCode::EARLY_HINTS } else { StatusCode::OK };
            Response::builder().status(status).body("").unwrap()
        });
        let client = Client::falling_back(&app, &fallback);
        for (path, status) in [("/panic", 500), ("/early", 500), ("/", 200)] {
            client.ask(get(path)).await.expect(status);
        }
    });
}

#[test]
fn answer_that_has_no_body_by_definition_has_none() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let fallback = Fallback::new(|request| {
            let status = request.uri().path()[1..].parse::<u16>().unwrap();
            Response::builder().status(status).body("HTTP/1.1 200 OK").unwrap()
        });
        let client = Client::falling_back(&app, &fallback);
        for (status, length) in [(204, None), (205, Some("0")), (304, None)] {
            client.send(get(&format!("/{status}"))).await;
            let head = client.head().await.expect(status);
            assert_eq!(head.header("content-length"), length);
            assert_eq!(client.ask(get("/200")).await.expect(200).body.len(), 15);
        }
    });
}

#[test]
fn date_is_written_once() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let fallback = Fallback::new(|_| {
            let date = "Thu, 01 Jan 1970 00:00:00 GMT";
            Response::builder().header("date", date).body("").unwrap()
        });
        let client = Client::falling_back(&app, &fallback);
        let answer = client.ask(get("/")).await.expect(200);
        assert_eq!(answer.headers("date").len(), 1);
    });
}

#[test]
fn unknown_path_is_404_before_a_body_has_come() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        let request = post("/other", "body");
        let (early, late) = request.split_at(request.len() - 1);
        client.send(early).await;
        client.answer().await.expect_last(404);
        client.send(late.to_owned() + &get("/behind")).await;
        assert_eq!(client.rest().await, "");
        assert_eq!(app.elapsed(), Duration::ZERO);
    });
}
