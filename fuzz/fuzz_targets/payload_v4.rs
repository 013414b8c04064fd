// No panic; decode(encode(x)) = x; what decodes, encodes to something that decodes to the same;
// a payload's size is known exactly before it is made.
#![no_main]

use engineio_fuzz::check_payload;
use engineio_proto::Revision;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| check_payload(Revision::V4, input));
