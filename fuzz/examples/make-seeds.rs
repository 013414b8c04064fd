//! Writes the seeds: what the JavaScript parsers wrote and were given (the vectors of
//! `engineio-proto`), as inputs of each target, and some whole lives of sessions.
//!
//! `cargo run --example make-seeds -- DIRECTORY`; `./make-seeds` then keeps what is worth keeping.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

const V3: &str = include_str!("../../engineio-proto/tests/vectors/vectors_v3.json");
const V4: &str = include_str!("../../engineio-proto/tests/vectors/vectors_v4.json");

/// Longer ones find nothing that shorter ones don't.
const LONGEST: usize = 200;

fn main() -> std::io::Result<()> {
    let directory = std::env::args().nth(1).expect("a directory to write to");
    let v3: Value = serde_json::from_str(V3).expect("the vectors are JSON");
    let v4: Value = serde_json::from_str(V4).expect("the vectors are JSON");
    let frames = [(&v3, 1), (&v4, 0)].map(|(vectors, flag)| (contents(vectors, "frame"), flag));

    let mut packets = BTreeSet::new();
    let mut wires = BTreeSet::new();
    for (contents, revision) in frames {
        for (is_text, bytes) in contents {
            packets.insert([&[revision | 2 | if is_text { 0 } else { 4 }], &bytes[..]].concat());
            wires.insert(masked(if is_text { 0x81 } else { 0x82 }, &bytes));
        }
    }
    wires.extend(more_frames());
    let payloads = |vectors| -> BTreeSet<Vec<u8>> {
        let contents = contents(vectors, "payload").into_iter();
        contents.map(|(is_text, body)| [&[2 | u8::from(!is_text)], &body[..]].concat()).collect()
    };
    for (target, seeds) in [
        ("packet", packets),
        ("payload_v3", payloads(&v3)),
        ("payload_v4", payloads(&v4)),
        ("route", requests()),
        ("session", lives()),
        ("websocket", wires),
    ] {
        let directory = Path::new(&directory).join(target);
        fs::create_dir_all(&directory)?;
        for (number, seed) in seeds.iter().filter(|seed| seed.len() <= LONGEST).enumerate() {
            fs::write(directory.join(format!("{number:03}")), seed)?;
        }
    }
    Ok(())
}

/// All frames or all payloads: whether it is text, and the bytes.
fn contents(vectors: &Value, what: &str) -> BTreeSet<(bool, Vec<u8>)> {
    let directions = ["encoded", "decoded"].into_iter();
    let cases = directions.flat_map(|it| vectors[it][format!("{what}s")].as_array()).flatten();
    cases
        .map(|case| match (case[what]["text"].as_str(), case[what]["hex"].as_str()) {
            (Some(text), _) => (true, text.as_bytes().to_vec()),
            (_, Some(hex)) => (false, bytes(hex)),
            _ => panic!("neither text nor hex: {case}"),
        })
        .collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// A short frame of a client.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x11, 0x22, 0x44, 0x88];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// What the vectors don't have: control frames and fragments.
fn more_frames() -> Vec<Vec<u8>> {
    let close = |code: u16| masked(0x88, &code.to_be_bytes());
    let (ping, pong) = (masked(0x89, b"are you there"), masked(0x8a, b""));
    let fragments = [masked(0x01, "4h\u{e9}".as_bytes()), masked(0x00, b"llo"), masked(0x80, b"")];
    vec![
        [ping.clone(), pong.clone(), close(1000)].concat(),
        [fragments[0].clone(), ping, fragments[1].clone(), fragments[2].clone()].concat(),
        [masked(0x81, b"2probe"), masked(0x81, b"5"), close(1001)].concat(),
        masked(0x88, b""),
        masked(0x81, b"\xff"),
        vec![0x82, 0xfe, 0x00, 0x01, 0, 0, 0, 0, b'4'],
        vec![0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0],
    ]
}

/// Two bytes of settings, the first of which has `upgrade` in its lowest bit, then the lines.
fn requests() -> BTreeSet<Vec<u8>> {
    let same = "\nhttp://a.test\na.test\ntext/plain\ngzip, deflate;q=0.5\nchat, other\nPOST\nx-a";
    [
        (0, "GET\n/engine.io/?EIO=4&transport=polling"),
        (0, "GET\n/engine.io/?EIO=3&transport=polling&b64=1&t=N8hyd6w"),
        (1, "GET\n/engine.io/?EIO=4&transport=websocket"),
        (1, "GET\n/engine.io?EIO=4&transport=websocket&sid=lv_VI97HAXpY6yYWAAAC"),
        (0, "GET\n/engine.io/?EIO=4&transport=polling&sid=lv_VI97HAXpY6yYWAAAC"),
        (0, "POST\n/engine.io/?EIO=4&transport=polling&sid=%6cv"),
        (0, "OPTIONS\n/engine.io/?EIO=4&transport=polling"),
        (0, "PUT\n/engine.io/?transport=polling"),
        (0, "GET\n/engine.io/?transport=x&j=0"),
        (0, "GET\n/engine.io/x"),
        (0, "GET\n/"),
    ]
    .into_iter()
    .flat_map(|(upgrade, text)| [(upgrade, text, ""), (upgrade | 8, text, same)])
    .map(|(settings, text, headers)| [&[settings, 0], text.as_bytes(), headers.as_bytes()].concat())
    .collect()
}

/// Settings, then operations of five bytes: 1 for "one more", then what `Operation` reads.
fn lives() -> BTreeSet<Vec<u8>> {
    const POLL: [u8; 4] = [0, 0, 0, 0];
    const POST: [u8; 4] = [1, 0, 0, 0];
    const WEBSOCKET: [u8; 4] = [2, 0, 0, 0];
    const DEADLINE: [u8; 4] = [8, 0, 0, 0];
    const SEND: [u8; 4] = [9, 1, 0, 2];
    const CLOSE: [u8; 4] = [10, 0, 0, 0];
    const PULL: [u8; 4] = [14, 0, 0, 0];
    const TAKE: [u8; 4] = [15, 9, 0, 0];
    let body = |conn, what, much| [3, conn, what, much];
    let frame = |conn, what| [4, conn, what, 3];
    let gone = |conn| [6, conn, 0, 0];
    let lives: [(u16, &[[u8; 4]]); 10] = [
        (0x88, &[PULL, POLL, SEND, PULL, POST, body(2, 0, 3), PULL, TAKE, POLL, CLOSE, PULL]),
        (
            0x81,
            &[PULL, POLL, POST, body(2, 5, 3), PULL, TAKE, POLL, SEND, PULL, POST, body(4, 9, 3)],
        ),
        (
            0x80,
            &[PULL, POLL, WEBSOCKET, PULL, frame(2, 6), PULL, SEND, frame(2, 7), PULL, frame(2, 0)],
        ),
        (0x80, &[PULL, WEBSOCKET, PULL, frame(1, 6), POLL, PULL, gone(1), POLL, SEND, PULL]),
        (0x83, &[PULL, frame(0, 4), PULL, SEND, PULL, frame(0, 1), TAKE, CLOSE, PULL]),
        (0x82, &[PULL, DEADLINE, PULL, frame(0, 4), DEADLINE, DEADLINE, PULL, TAKE]),
        (0x80, &[PULL, POLL, POLL, PULL, TAKE]),
        (0x80, &[PULL, POST, gone(1), PULL, TAKE]),
        // Small limits.
        (0x4280, &[PULL, POST, body(1, 2, 3), gone(1), POST, body(2, 2, 3), gone(2), TAKE]),
        (
            0x0281,
            &[
                PULL,
                POST,
                body(1, 4, 12),
                PULL,
                POST,
                body(2, 4, 12),
                PULL,
                POLL,
                PULL,
                POLL,
                PULL,
                POLL,
                PULL,
            ],
        ),
    ];
    let bytes = |(settings, operations): (u16, &[[u8; 4]])| {
        let operations = operations.iter().flat_map(|operation| [&[1], &operation[..]].concat());
        settings.to_le_bytes().into_iter().chain(operations).collect()
    };
    lives.into_iter().map(bytes).collect()
}
