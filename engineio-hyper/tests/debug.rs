//! What `Debug` shows of responses, for logs.

use bytes::Bytes;
use engineio_hyper::{Answered, ResponseBody, ServerBody};
use http::Response;

#[test]
fn bodies_are_not_shown() {
    let body = Bytes::from("secret ".repeat(1000));
    let response = Response::new(ServerBody::whole(body.clone()));
    let answered = Answered { response, switching: None };
    let ours: ResponseBody<String> = ResponseBody::ours(ServerBody::whole(body));
    for shown in [format!("{answered:?}"), format!("{ours:?}")] {
        assert!(shown.contains("7000") && !shown.contains("secret"), "{shown}");
    }
}
