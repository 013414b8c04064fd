// No panic; whatever arrives is understood and answered the same in one chunk as byte by byte;
// no message is longer than the limit.
#![no_main]

use engineio_hub::websocket::{Fault, Received, WebSocket};
use libfuzzer_sys::fuzz_target;

const MAX_PAYLOAD: usize = 1_000;

fuzz_target!(|wire: &[u8]| {
    let whole = run([wire]);
    assert_eq!(whole, run(wire.chunks(1)));
    for incoming in &whole.0 {
        assert!(!matches!(incoming, Received::Frame(frame) if frame.len() > MAX_PAYLOAD));
    }
});

/// What comes in, how it ends, and what goes out.
fn run<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Received>, Option<Fault>, Vec<u8>) {
    let mut socket = WebSocket::server(MAX_PAYLOAD);
    let (mut all, mut fault) = (Vec::new(), None);
    for chunk in chunks {
        socket.receive(chunk);
        loop {
            match socket.poll_received() {
                Ok(Some(incoming)) => all.push(incoming),
                Ok(None) => break,
                Err(why) => {
                    fault = Some(why);
                    break;
                }
            }
        }
    }
    (all, fault, socket.unsent().to_vec())
}
