//! HTTP/2, which only `engineio-tokio` has: a client by hand, a browser, and a proxy.

mod by_hand;
mod haproxy;
mod over_tls;
