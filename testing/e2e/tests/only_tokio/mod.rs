//! HTTP/2, which only `engineio-tokio` has: a client by hand, a browser, and a proxy. And what proxies do
//! that is the same for each binding.

mod by_hand;
mod haproxy;
mod over_tls;
mod proxies;
