//! The files of the page, for a binding's own HTTP.

use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};

/// What is at the request's path.
pub(crate) fn page<B>(request: Request<B>) -> Response<&'static str> {
    match request.uri().path() {
        "/" => file("text/html", include_str!("page.html")),
        "/page.css" => file("text/css", include_str!("page.css")),
        "/page.js" => file("text/javascript", include_str!("page.js")),
        "/connection.js" => file("text/javascript", include_str!("connection.js")),
        "/engine-io.js" => file("text/javascript", include_str!("engine-io.js")),
        _ => {
            let mut response = Response::new("");
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

/// A file of the page, which may load nothing from elsewhere and run no other script.
fn file(content_type: &'static str, content: &'static str) -> Response<&'static str> {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let mut response = Response::new(content);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
