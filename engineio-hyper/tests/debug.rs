//! What `Debug` shows of responses, for logs.

use bytes::Bytes;
use engineio_hyper::{Answered, ResponseBody};
use http::Response;

#[test]
fn bodies_are_not_shown() {
    let body = Bytes::from("secret ".repeat(1000));
    let answered = Answered { response: Response::new(body.clone()), switching: None };
    let ours: ResponseBody<String> = ResponseBody::ours(body);
    for shown in [format!("{answered:?}"), format!("{ours:?}")] {
        assert!(shown.contains("7000") && !shown.contains("secret"), "{shown}");
    }
}
