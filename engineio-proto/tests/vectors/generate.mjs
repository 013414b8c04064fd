// Writes vectors_v3.json and vectors_v4.json: what the JavaScript parsers make
// of packets, frames and payloads. tests/codec/vectors.rs checks them against ours.
//
// To regenerate, with Node.js 20 or later, in this folder:
//
//     npm ci && npm run generate
//
// The parsers are pinned in package.json: engine.io-parser 5.2.3 for revision 4,
// and 2.2.1, the last of its kind (engine.io-client 3.5 uses it), for revision 3.
//
// A packet is { type, text } or { type, hex }, with neither if it has no data.
// A frame or a payload is { text } or { hex }.
//
// `encoded` holds what the parser writes. We must write the same, and read it back.
// `decoded` holds what the parser reads. Where it reports an error, so must we.
// Where `refused` says why, it reads something that we refuse on purpose.

import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import assert from "node:assert";

const require = createRequire(import.meta.url);
const v3 = require("engine.io-parser-v3");
const v4 = require("engine.io-parser-v4");

const bytes = (hex) => Buffer.from(hex.replaceAll(" ", ""), "hex");
const content = (data) => (typeof data === "string" ? { text: data } : { hex: data.toString("hex") });
const describe = ({ type, data }) => ({ type: type ?? null, ...(data === undefined ? {} : content(data)) });
const isError = (packet) => packet.type === "error";

// Both parsers with one face: synchronous, and with all that was decoded in an array.
const parsers = {
  v3: {
    revision: 3,
    parser: "engine.io-parser 2.2.1",
    encodeFrame: (packet, binary) => result((done) => v3.encodePacket(packet, binary, false, done)),
    encodePayload: (packets, binary) => result((done) => v3.encodePayload(packets, binary, done)),
    decodeFrame: (data) => v3.decodePacket(data),
    decodePayload: (data) => {
      const packets = [];
      v3.decodePayload(data, (packet) => void packets.push(packet));
      return packets;
    },
  },
  v4: {
    revision: 4,
    parser: "engine.io-parser 5.2.3",
    encodeFrame: (packet, binary) => result((done) => v4.encodePacket(packet, binary, done)),
    encodePayload: (packets) => result((done) => v4.encodePayload(packets, done)),
    decodeFrame: (data) => v4.decodePacket(data),
    decodePayload: (data) => v4.decodePayload(data),
  },
};

function result(call) {
  let value;
  call((encoded) => (value = encoded));
  assert(value !== undefined, "the parser must be synchronous");
  return value;
}

// --- what is encoded ---

const message = (data) => ({ type: "message", data });

const controls = [
  { type: "open", data: '{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}' },
  { type: "close" },
  { type: "ping" },
  { type: "ping", data: "probe" },
  { type: "pong" },
  { type: "pong", data: "probe" },
  { type: "upgrade" },
  { type: "noop" },
];

const texts = [
  "",
  "hello",
  "b",
  "bAQID",
  "4",
  ":",
  "1:6",
  "\u0000",
  "line\r\nline",
  "\u007f\u0080",
  "é",
  "e\u0301",
  "€",
  "\ufeffmark",
  "\uffff",
  "漢字かな交じり文",
  "한국어",
  "😀",
  "a😀",
  "😀a",
  "😀😀😀😀😀",
  "👩‍👩‍👧‍👦",
  "🇩🇪",
  "𝒳 = 𠮷",
  "\u{10ffff}",
  // around the lengths that have a digit more
  "x".repeat(8),
  "x".repeat(9),
  "x".repeat(98),
  "x".repeat(99),
  "€".repeat(99),
  "😀".repeat(49),
  "😀".repeat(50),
  "x".repeat(1000),
].map(message);

const binaries = [
  Buffer.alloc(0),
  bytes("00"),
  bytes("ff"),
  bytes("04"),
  bytes("01 02"),
  bytes("01 02 03"),
  bytes("01 02 03 04"),
  bytes("fb ff bf fe"),
  Buffer.from("😀"),
  Buffer.alloc(8),
  Buffer.alloc(9),
  Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
].map(message);

const separated = message("a\u001eb"); // a payload of revision 4 can't hold it

const batches = [
  ...[...controls, ...texts, ...binaries].map((packet) => [packet]),
  controls,
  texts,
  binaries,
  [...controls, ...texts, ...binaries],
  [message("€"), message(bytes("01 02 03 04"))],
  [message(bytes("01 02 03 04")), message("€")],
  [{ type: "ping" }, message("hello"), { type: "noop" }],
  [{ type: "ping" }, message(bytes("68 65 6c 6c 6f")), { type: "noop" }],
  [message(""), message("")],
  [message(""), message(Buffer.alloc(0)), message("")],
];

function encoded({ revision, encodeFrame, encodePayload }) {
  const either = [true, false];
  const frames = [...controls, ...texts, separated, ...binaries].flatMap((packet) =>
    either.map((binary) => ({
      packet: describe(packet),
      binary,
      frame: content(encodeFrame(packet, binary)),
    })),
  );
  const payloads = [...batches, ...(revision === 3 ? [[separated]] : [])].flatMap((packets) =>
    either.map((binary) => ({
      packets: packets.map(describe),
      binary,
      payload: content(encodePayload(packets, binary)),
    })),
  );
  return { frames, payloads };
}

// --- what is decoded ---

const refused = (data, why) => ({ data, why });
const skips = "Node skips characters that are not base64";

const frames = {
  both: [
    "4", "4hello", "2", "2probe", "3probe", "0{}", "1", "1data", "5data", "6data", "4b", "44", "4\u001e",
    "", "7", "9", "a", "B", " 4", "-4", "+4", "٤", "4️⃣", "😀", "é4", "\u0000", "\u0004", ":", "/", "open",
  ],
  v3: [
    "b4", "b4AQID", "b4AQIDBA==", "b4AQIDBA", "b4AQ==", "b4AQ", "b4AQ=", "b4+/+/", "b0e30=", "b1AQ==", "b2cHJvYmU=", "b3", "b5AQ==", "b6AQ==",
    refused("b", "no type"),
    refused("b7AQ==", "no such type"),
    refused("bAQ==", "no such type"),
    refused("b😀", "no such type"),
    refused("b4-_-_", "URL-safe alphabet"),
    "b4AQ ID",
    "b4AQ\nID",
    refused("b4####", skips),
    refused("b4AQ==AQ==", "Node stops at the padding"),
    refused("b4A", "a character that is no whole byte"),
    refused("b4AR==", "bits that belong to no byte"),
    refused("b4====", "padding of nothing"),
    refused("b2/w==", "a ping with data that is not UTF-8"),
    bytes("04"), bytes("04 01 02 03"), bytes("00 7b 7d"), bytes("01"), bytes("01 ff"), bytes("02"), bytes("02 70 72 6f 62 65"), bytes("03"), bytes("05 01"), bytes("06"),
    refused(bytes(""), "no type"),
    refused(bytes("07"), "no such type"),
    refused(bytes("34 61"), "no such type"),
    refused(bytes("ff"), "no such type"),
    refused(bytes("03 ff"), "a pong with data that is not UTF-8"),
    refused(bytes("00 c3 28"), "an open with data that is not UTF-8"),
  ],
  v4: [
    "b", "bAQID", "bAQIDBA==", "bAQIDBA", "bAQ==", "bAQ", "bAQ=", "b+/+/", "b4AQ=",
    refused("b-_-_", "URL-safe alphabet"),
    "bAQ ID",
    "bAQ\nID",
    refused("b####", skips),
    refused("b😀", skips),
    refused("bAQ==AQ==", "Node stops at the padding"),
    refused("bA", "a character that is no whole byte"),
    refused("bAR==", "bits that belong to no byte"),
    refused("b====", "padding of nothing"),
    bytes(""), bytes("00"), bytes("04 01"), bytes("34 61"), bytes("ff"),
  ],
};

const number = "what JavaScript takes for a number";
const cut = "more is announced than there is";

const payloads = {
  v3: [
    // counted
    "1:4", "6:4hello", "6:4hello1:2", "2:4€", "3:4😀", "5:4😀😀", "4:4€😀", "3:4😀2:4€1:6", "10:b4AQIDBA==", "8:b4AQIDBA", "6:2probe1:1", "1:41:4", "2:4:", "5:41:6x",
    "06:4hello", "0006:4hello",
    "", ":", ":4", "a", "abc", "1", "6", "6:", "6:4hell", "7:4hello", "5:4hello", "6:4hello1", "6:4helloo", "6:4hello1:", "-1:4", "6.5:4hello", "Infinity:4", "NaN:4", "b4AQID", "4hello", "1:7", "1:a", "1: ", "1:7 1:4", "1:4\u001e1:4",
    "99999999999999999999:4", "18446744073709551617:4", "9".repeat(400) + ":4",
    // a length that ends inside a surrogate pair
    "2:4😀", "2:4😀1:6", "3:4a😀", "4:4😀😀", "1:😀", "5:4漢😀😀1:6", "2:4😀\u{10ffff}", "2:1😀1:6",
    refused("0:", "an empty packet"),
    refused("6:4hello0:", "an empty packet"),
    refused("0:6:4hello", "an empty packet"),
    refused("00:", "an empty packet"),
    refused(" 6:4hello", number),
    refused("6 :4hello", number),
    refused("+6:4hello", number),
    refused("0x6:4hello", number),
    refused("6.0:4hello", number),
    refused("1e0:4", number),
    refused("\n1:4", number),
    refused("1:b", "no type"),
    refused("2:b7", "no such type"),
    refused("5:b4A-_", "URL-safe alphabet"),
    refused("6:b4####", skips),
    // marked
    bytes("00 01 ff 34"),
    bytes("00 06 ff 34 68 65 6c 6c 6f"),
    bytes("00 04 ff 34 e2 82 ac 01 05 ff 04 01 02 03 04"),
    bytes("00 05 ff 34 f0 9f 98 80"),
    bytes("01 01 ff 04"),
    bytes("01 02 ff 01 ff"),
    bytes("00 08 ff 62 34 41 51 49 44 42 41"),
    bytes("00 00 01 ff 34"),
    bytes("01 00 00 00 02 ff 04 ff"),
    bytes("01 01 00 ff 04 00 01 02 03 04 05 06 07 08"),
    bytes("00 00 ff"),
    bytes("00 01 ff 37"),
    bytes("00 03 ff 34 c3 28"),
    bytes("00 03 ff 34 c0 80"),
    bytes("00 05 ff 34 f4 90 80 80"),
    bytes("00 02 ff 34 ff"),
    bytes("00 02 ff 34 80"),
    bytes("00"),
    bytes("01"),
    bytes("00 01"),
    bytes("00" + "09".repeat(400) + "ff 34"),
    bytes("00 01 ff 34 00"),
    bytes("00 01 ff 34 34"),
    refused(bytes(""), "an empty body"),
    refused(bytes("01 00 ff"), "an empty packet"),
    refused(bytes("01 01 ff 07"), "no such type"),
    refused(bytes("01 01 ff 34"), "no such type"),
    refused(bytes("02 01 ff 04"), "a marker that is neither text nor binary"),
    refused(bytes("ff 01 ff 04"), "a marker that is neither text nor binary"),
    refused(bytes("00 06 ff 34 68"), cut),
    refused(bytes("01 05 ff 04 01"), cut),
    refused(bytes("01 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 ff 04"), cut),
    refused(bytes("01 0c ff 04 01 02 03 04 05 06 07 08 09 0a 0b 0c"), "a digit above 9"),
    refused(bytes("01 31 ff 04"), "a digit above 9"),
    refused(bytes("00 04 ff 34 ed a0 80"), "a surrogate in UTF-8"),
    refused(bytes("01 02 ff 02 ff"), "a ping with data that is not UTF-8"),
  ],
  v4: [
    "4", "4hello", "4hello\u001e2\u001e4world", "4hello\u001ebAQIDBA==", "b", "b\u001eb", "4\u001e4", "2probe\u001e6", "4€😀\u001e4漢字", "1\u001e4after", "4a\u001db", "1:6",
    "", "\u001e", "\u001e4a", "4a\u001e", "4a\u001e\u001e4b", "7", "4a\u001e7\u001e4b", "4a\u001e😀", "6:4hello", "hello",
    refused("bA\u001e4", "a character that is no whole byte"),
    refused("b-_-_\u001e4", "URL-safe alphabet"),
    "4\u001eb\n",
  ],
};

function decoded(name, { decodeFrame, decodePayload }) {
  const read = (kind, decode) => (input) => {
    const { data, why } = input.why ? input : { data: input };
    const packets = decode(data);
    const error = packets.some(isError);
    assert(!(error && why), `nothing to refuse: ${JSON.stringify(data)}`);
    // what comes before an error is left out: we deliver none of it
    const seen = error ? { error } : { packets: packets.map(describe) };
    return { [kind]: content(data), ...seen, ...(why ? { refused: why } : {}) };
  };
  return {
    frames: [...frames.both, ...frames[name]].map(read("frame", (data) => [decodeFrame(data)])),
    payloads: payloads[name].map(read("payload", decodePayload)),
  };
}

// --- one case a line ---

for (const [name, parser] of Object.entries(parsers)) {
  const lines = (cases) => cases.map((item) => `\n      ${JSON.stringify(item)}`).join(",");
  const group = ({ frames, payloads }) =>
    `{\n    "frames": [${lines(frames)}\n    ],\n    "payloads": [${lines(payloads)}\n    ]\n  }`;
  const json =
    `{\n  "parser": ${JSON.stringify(parser.parser)},` +
    `\n  "encoded": ${group(encoded(parser))},` +
    `\n  "decoded": ${group(decoded(name, parser))}\n}\n`;
  JSON.parse(json);
  writeFileSync(new URL(`vectors_${name}.json`, import.meta.url), json);
}
