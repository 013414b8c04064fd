//! A client's frames, built by hand so that they can be wrong.

pub(crate) const FINAL: u8 = 0x80;
pub(crate) const CONTINUE: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A masked frame with this first byte.
pub(crate) fn masked(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, payload.len() as u64);
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A masked frame with a mask that changes every byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    masked(first, [0x11, 0x22, 0x44, 0x88], payload)
}

/// A message in one frame.
pub(crate) fn message(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(FINAL | opcode, payload)
}

/// The header of a masked frame up to the mask.
pub(crate) fn header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..126 => header.push(0x80 | length as u8),
        126..65_536 => {
            header.push(0x80 | 126);
            header.extend((length as u16).to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend(length.to_be_bytes());
        }
    }
    header
}
