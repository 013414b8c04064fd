//! Conversions between actix-web's types, which are those of `http` 0.2, and the ones of `http` 1.

use actix_web::http::{StatusCode, header as theirs};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Version, response};

/// The head of a request. `None`: a part of it is invalid, which actix-web's parser rules out.
pub(crate) fn request(request: &HttpRequest) -> Option<Parts> {
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = Method::from_bytes(request.method().as_str().as_bytes()).ok()?;
    head.uri = request.uri().to_string().parse().ok()?;
    head.version = match request.version() {
        actix_web::http::Version::HTTP_2 => Version::HTTP_2,
        actix_web::http::Version::HTTP_10 => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        head.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    Some(head)
}

/// A response without a body yet.
pub(crate) fn response(head: &response::Parts) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(head.status.as_u16());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in &head.headers {
        let name = theirs::HeaderName::from_bytes(name.as_str().as_bytes());
        let value = theirs::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            response.append_header((name, value));
        }
    }
    if head.status == http::StatusCode::SWITCHING_PROTOCOLS {
        // Both headers are actix-web's to write, and what follows is no HTTP any more.
        response.upgrade("websocket");
    }
    response
}
