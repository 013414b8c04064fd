// A server that does one thing wrong, as its spec says, for a client that must live through it. It prints a line of
// JSON for its port, for each request, and for each connection that ended. It ends when its input does.
//
// Where a session works at all it echoes, and its heartbeat never comes during a test.
"use strict";

const crypto = require("crypto");
const http = require("http");

const ENDLESS_BYTES = 64 * 1024 * 1024;
const CHUNK = "x".repeat(1024);
const PAGE = "<!DOCTYPE html><html><body><h1>Sign in to this network</h1></body></html>";
const MINUTE_MS = 60_000;
const SEPARATOR = "\x1e";

const spec = JSON.parse(process.argv[2]);
const sessions = new Map();

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The answer to a request: that to a WebSocket goes into the bare connection. */
function answer(exchange, status, body = "", headers = {}) {
  const { response, socket } = exchange;
  if (response) return response.writeHead(status, { "Content-Type": "text/plain", ...headers }).end(body);
  const lines = Object.entries({ "Content-Length": Buffer.byteLength(body), Connection: "close", ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${head}\r\n${body}`);
}

function payload(exchange, packets) {
  if (exchange.query.get("EIO") !== "3") return packets.join(SEPARATOR);
  return packets.map((packet) => `${packet.length}:${packet}`).join("");
}

function parsePayload(exchange, body) {
  if (exchange.query.get("EIO") !== "3") return body.split(SEPARATOR);
  const packets = [];
  for (let rest = body; rest; ) {
    const colon = rest.indexOf(":");
    const end = colon + 1 + Number(rest.slice(0, colon));
    packets.push(rest.slice(colon + 1, end));
    rest = rest.slice(end);
  }
  return packets;
}

/** A text frame of a WebSocket. */
function frame(text) {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  const head = length > 125 ? [0x81, 126, length >> 8, length & 255] : [0x81, length];
  return Buffer.concat([Buffer.from(head), bytes]);
}

function switchProtocols({ request, socket }) {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = crypto.createHash("sha1").update(key).digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write(`${head.join("\r\n")}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
}

function openPacket(sid, upgrades = []) {
  const heartbeat = { pingInterval: MINUTE_MS, pingTimeout: MINUTE_MS };
  return `0${JSON.stringify({ sid, upgrades, ...heartbeat, maxPayload: 1_000_000 })}`;
}

/** These packets, in the place of a session. */
const packets = (...packets) => (exchange) => {
  if (exchange.response) return answer(exchange, 200, payload(exchange, packets));
  switchProtocols(exchange);
  for (const packet of packets) exchange.socket.write(frame(packet));
};

/** A session over polling. `greeting` is what its first poll hears, `each` begins the answer to any poll. */
const session = ({ greeting = [], each = [], upgrades = [], websocket = refuse } = {}) => (exchange) => {
  const { request, query, response } = exchange;
  if (!response) return websocket(exchange);
  if (!query.has("sid")) {
    const sid = crypto.randomUUID();
    sessions.set(sid, { queue: [...greeting], poll: null });
    return answer(exchange, 200, payload(exchange, [openPacket(sid, upgrades)]));
  }
  const held = sessions.get(query.get("sid"));
  if (!held) return answer(exchange, 400, '{"code":1,"message":"Session ID unknown"}');
  const flush = () => {
    if (!held.poll || held.queue.length === 0) return;
    answer(held.poll, 200, payload(held.poll, [...each, ...held.queue.splice(0)]));
    held.poll = null;
  };
  if (request.method === "GET") {
    held.poll = exchange;
    return flush();
  }
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text) => (body += text));
  request.on("end", () => {
    for (const packet of parsePayload(exchange, body)) {
      if (packet === "1") {
        sessions.delete(query.get("sid"));
        held.queue.push("6");
      }
      if (packet === "2") held.queue.push("3");
      if (/^[4b]/.test(packet)) held.queue.push(packet);
    }
    answer(exchange, 200, "ok", { "Content-Type": "text/html" });
    flush();
  });
};

/** A session of which the first thing heard is a packet that breaks the protocol, on either transport. */
const breaking = (packet) => session({ greeting: [packet], websocket: packets(openPacket("ws"), packet) });

function refuse(exchange) {
  answer(exchange, 403, "no WebSocket here");
}

const BEHAVIOURS = {
  // a portal, a proxy, another site
  html: (exchange) => answer(exchange, 200, PAGE, { "Content-Type": "text/html" }),
  html_404: (exchange) => answer(exchange, 404, PAGE, { "Content-Type": "text/html" }),
  redirect: (exchange) => answer(exchange, 302, "", { Location: "/elsewhere/" }),
  status: (exchange) => answer(exchange, spec.status, spec.message),

  garbage_open: packets("0{not json"),
  open_without_sid: packets(`0{"upgrades":[],"pingInterval":${MINUTE_MS},"pingTimeout":${MINUTE_MS}}`),
  second_open: breaking(openPacket("another")),
  upgrade_packet: breaking("5"),
  wrong_heartbeat: breaking("3"),

  endless_body({ response, socket }) {
    if (response) response.writeHead(200, { "Content-Type": "text/plain" });
    else socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const out = response || socket;
    let sent = 0;
    const timer = setInterval(() => {
      if (sent < ENDLESS_BYTES) out.write(CHUNK);
      sent += CHUNK.length;
    }, 1);
    socket.on("close", () => clearInterval(timer));
  },
  // 11 digits, as text and as revision 3 writes the length before bytes
  huge_length: (exchange) => answer(exchange, 200, `99999999999:${openPacket("huge")}`),
  huge_binary_length: (exchange) =>
    answer(exchange, 200, Buffer.from([0, ...Array(11).fill(9), 255, 0x30]), {
      "Content-Type": "application/octet-stream",
    }),

  no_answer() {},
  cut: ({ socket }) => socket.resetAndDestroy(),
  close_mid_handshake(exchange) {
    const packet = openPacket("half");
    const half = packet.slice(0, packet.length / 2);
    const { response, socket } = exchange;
    if (response) {
      response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": packet.length });
      response.write(half, () => socket.end());
    } else {
      switchProtocols(exchange);
      socket.end(frame(packet).subarray(0, half.length));
    }
  },

  noop_everywhere: session({ each: ["6"] }),
  silent_probe: session({ upgrades: ["websocket"], websocket: switchProtocols }),
  probe_refused: session({ upgrades: ["websocket"] }),
  html_on_websocket: session({
    upgrades: ["websocket"],
    websocket: (exchange) => answer(exchange, 200, PAGE, { "Content-Type": "text/html" }),
  }),
};

const behave = BEHAVIOURS[spec.behaviour];
if (!behave) throw new Error(`no behaviour ${spec.behaviour}`);

function serve(request, socket, response) {
  const transport = response ? "polling" : "websocket";
  say({ event: "request", method: request.method, url: request.url, transport });
  // what a client does to a connection is never this server's failure
  socket.on("error", () => {});
  behave({ request, socket, response, query: new URL(request.url, "http://server").searchParams });
}

const server = http.createServer((request, response) => serve(request, request.socket, response));
server.on("upgrade", (request, socket) => {
  // the end of a connection is seen where it is read
  socket.resume().on("end", () => socket.end());
  serve(request, socket);
});
server.on("connection", (socket) => socket.on("close", () => say({ event: "gone", sent: socket.bytesWritten })));
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));

process.stdin.resume();
process.stdin.on("end", () => process.exit());
