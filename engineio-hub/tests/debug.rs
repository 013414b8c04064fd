//! What `Debug` shows of messages and bodies, for logs.

use bytes::Bytes;
use engineio_hub::client::Start;
use engineio_hub::{Answer, Write};

#[test]
fn bodies_and_bytes_are_not_shown() {
    let body = Bytes::from("secret ".repeat(1000));
    let request = || {
        let request = http::Request::post("http://a.test/engine.io/?EIO=4&sid=secret");
        request.body(body.clone()).unwrap()
    };
    for shown in [
        format!(
            "{:?}",
            Answer::Respond { response: http::Response::new(body.clone()), drain: None }
        ),
        format!("{:?}", Write::Bytes([&body, &body])),
        format!("{:?}", Start::Request(request())),
        format!("{:?}", Start::WebSocket(request())),
    ] {
        assert!(shown.contains("7000") && !shown.contains("secret"), "{shown}");
    }
}
