//! Requests for other paths.

use http::{Request, Response, StatusCode};
use peer::{Peer, get, post, session, settle};

use super::{builder, echo_with};

fn page(request: Request<bytes::Bytes>) -> Response<Vec<u8>> {
    match request.uri().path() {
        "/" => Response::builder()
            .header("content-type", "text/html")
            .body(b"<p>hello</p>".to_vec())
            .expect("a legal response"),
        "/length" => Response::new(request.body().len().to_string().into_bytes()),
        "/panic" => panic!("a handler that panics on purpose"),
        "/nothing" => Response::builder().status(204).body(Vec::new()).expect("a legal response"),
        _ => {
            let mut response = Response::new(Vec::new());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

#[tokio::test]
async fn fallback_serves_a_page_beside_the_sessions() {
    let (_, address) = echo_with(builder().fallback(page));
    let (mut peer, target) = session(address).await;
    let answer = peer.get("/").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert_eq!(answer.text(), "<p>hello</p>");
    assert_eq!(peer.get("/nothing").await.expect(204).header("content-length"), None);
    peer.get("/other").await.expect(404);
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn other_paths_are_404_without_a_fallback() {
    let (_, address) = echo_with(builder());
    let mut peer = Peer::connect(address).await;
    peer.get("/").await.expect(404);
    peer.post("/", "something").await.expect(404);
    peer.get("/engine.io.js").await.expect(404);
}

#[tokio::test]
async fn fallback_gets_bodies_up_to_its_limit() {
    let (_, address) = echo_with(builder().fallback(page));
    let mut peer = Peer::connect(address).await;
    let limit = 64 << 10;
    assert_eq!(peer.post("/length", &"x".repeat(limit)).await.expect(200).text(), "65536");
    peer.post("/length", &"x".repeat(limit + 1)).await.expect(413);
    let mut peer = Peer::connect(address).await;
    let chunks = "5\r\nxxxxx\r\n".repeat(limit / 5 + 1);
    let request = format!(
        "POST /length HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
    );
    peer.request(request).await.expect(413);
}

#[tokio::test]
async fn fallback_that_panics_is_500_and_harms_nobody() {
    let (_, address) = echo_with(builder().fallback(page));
    let (mut peer, target) = session(address).await;
    let mut other = Peer::connect(address).await;
    other.request(post("/panic", "")).await.expect(500);
    other.request(get("/")).await.expect(200);
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
}

#[tokio::test]
async fn statuses_that_have_no_body_get_none() {
    let (_, address) = echo_with(builder().fallback(|request| {
        let status = request.uri().path().trim_start_matches('/').parse().expect("a status");
        let response = Response::builder().status::<u16>(status).header("content-length", "1000");
        response.body("body").expect("a legal response")
    }));
    let mut peer = Peer::connect(address).await;
    // A word in between isn't an answer.
    for status in ["100", "101", "103"] {
        peer.get(&format!("/{status}")).await.expect(500);
    }
    assert_eq!(peer.get("/205").await.expect(205).text(), "");
    assert_eq!(peer.get("/200").await.expect(200).text(), "body");
    // These tell of a body that they don't have.
    peer.send(get("/200").replacen("GET", "HEAD", 1)).await;
    peer.send(get("/304")).await;
    peer.send(get("/204").replacen("\r\n", "\r\nConnection: close\r\n", 1)).await;
    let answers = String::from_utf8(peer.rest().await.to_vec()).expect("UTF-8");
    assert_eq!(answers.matches("content-length: 1000").count(), 2, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1").count(), 3, "{answers}");
    assert!(!answers.contains("body"), "{answers}");
}

/// Many requests in one piece: others have their turn between them.
#[tokio::test]
async fn requests_in_one_piece_keep_no_other_waiting_for_all_of_them() {
    let served = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&served);
    let (_, address) = echo_with(builder().fallback(move |_| {
        let before = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::thread::sleep(std::time::Duration::from_micros(100));
        Response::new(before.to_string())
    }));
    let mut greedy = Peer::connect(address).await;
    greedy.send("GET / HTTP/1.1\r\nHost:\r\n\r\n".repeat(1000)).await;
    let mut peer = Peer::connect(address).await;
    let answer = peer.get("/").await.expect(200);
    let before: usize = answer.text().parse().expect("a number");
    assert!(before < 900, "{before} of 1,000 were served first");
}

#[tokio::test]
async fn head_request_gets_a_head_alone() {
    let (_, address) = echo_with(builder().fallback(|_| Response::new("a page")));
    let mut peer = Peer::connect(address).await;
    peer.send(get("/").replacen("GET", "HEAD", 1)).await;
    peer.send(get("/")).await;
    peer.send(get("/").replacen("\r\n", "\r\nConnection: close\r\n", 1)).await;
    let answers = String::from_utf8(peer.rest().await.to_vec()).expect("UTF-8");
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 3, "{answers}");
    assert_eq!(answers.matches("content-length: 6").count(), 3, "{answers}");
    assert_eq!(answers.matches("a page").count(), 2, "{answers}");
}

#[tokio::test]
async fn large_answer_goes_out_whole_to_a_slow_reader() {
    let large = "x".repeat(8 << 20);
    let (_, address) = echo_with(builder().fallback(move |_| Response::new(large.clone())));
    let mut peer = Peer::connect(address).await;
    peer.send(get("/large")).await;
    // The server has turned to another one, with as much of the answer sent as fits.
    settle(address).await;
    let answer = peer.answer().await.expect(200);
    assert_eq!(answer.text().len(), 8 << 20);
}
