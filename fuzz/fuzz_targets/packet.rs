// No panic; decode(encode(x)) = x; what decodes, encodes to something that decodes to the same.
#![no_main]

use bytes::Bytes;
use bytestring::ByteString;
use engineio_fuzz::{binary_encoding, packet, revision};
use engineio_proto::{BinaryEncoding, Frame, decode_frame, encode_frame};
use libfuzzer_sys::{arbitrary::Unstructured, fuzz_target};

fuzz_target!(|input: &[u8]| {
    let Some((&flags, bytes)) = input.split_first() else { return };
    let (revision, binary) = (revision(flags), binary_encoding(flags & 2 > 0));

    let theirs = match ByteString::try_from(Bytes::copy_from_slice(bytes)) {
        Ok(text) if flags & 4 == 0 => Frame::text(text),
        _ => Frame::binary(Bytes::copy_from_slice(bytes)),
    };
    let made = packet(&mut Unstructured::new(bytes));
    for packet in made.into_iter().chain(decode_frame(revision, theirs)) {
        let ours = encode_frame(revision, packet.clone(), binary);
        assert_eq!(ours.len(), ours.parts().concat().len());
        assert!(binary == BinaryEncoding::Raw || ours.is_text());
        assert_eq!(decode_frame(revision, ours), Ok(packet));
    }
});
