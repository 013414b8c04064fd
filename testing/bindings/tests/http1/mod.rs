//! HTTP/1.1 where `engineio-hub` reads and writes it.

mod requests;
mod strictness;
