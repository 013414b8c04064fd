//! The settings of HTTP/2 in the server's own listener.

use hyper_util::server::conn::auto::Http2Builder;

/// Allows WebSockets (RFC 8441), and keeps streams out of each other's way.
///
/// A session whose application doesn't read isn't read either, and its bytes stay in the windows of
/// its stream and of the connection. The window of the connection has room for all streams, so
/// that the other sessions of the connection, and their polls, go on. Each stream's is small, as
/// all of them together are what a peer can make the server hold.
pub(crate) fn configure<E>(http2: &mut Http2Builder<'_, E>) {
    http2
        .enable_connect_protocol()
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(MAX_STREAMS * STREAM_WINDOW)
        .max_send_buf_size(STREAM_WINDOW as usize);
}

/// The most requests and WebSockets of a connection at one time. Browsers open another connection
/// for more.
const MAX_STREAMS: u32 = 200;

/// What a peer may send on a stream before it is read, in bytes. It is also the most that waits for
/// the connection to take it.
const STREAM_WINDOW: u32 = 64 << 10;
