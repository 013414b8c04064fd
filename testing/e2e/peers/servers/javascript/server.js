// An official server that does what its spec says, and prints a line of JSON for its port and for each thing that
// happens. It ends when its input does.
"use strict";

const fs = require("fs");
const http = require("http");
const https = require("https");

// a client that stopped reading must not keep a server that was told to end
const GOODBYE_MS = 1_000;

const spec = JSON.parse(process.argv[2]);
const options = { ...spec.options };
if (spec.refuse) options.allowRequest = (request, callback) => callback(spec.refuse.message, false);

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** What a test looks for in a request. */
function shown(request) {
  const { cookie, authorization, "x-test": test } = request.headers;
  const query = Object.fromEntries(new URL(request.url, "http://server").searchParams);
  return { query, headers: { cookie, authorization, "x-test": test } };
}

function number(message) {
  return typeof message === "string" ? Number(message) : Buffer.from(message).readUInt32BE(0);
}

const echo = (socket) => socket.on("message", (message) => socket.send(message));

const BEHAVIOURS = {
  echo,

  burst(socket) {
    for (let next = 0; next < spec.count; next += 1) socket.send(String(next));
    echo(socket);
  },

  close_after(socket) {
    socket.once("message", () => socket.close());
  },

  close_at_once(socket) {
    socket.close();
  },

  count(socket) {
    let count = 0;
    let inOrder = true;
    socket.on("message", (message) => {
      if (message === "done") return socket.send(JSON.stringify({ count, in_order: inOrder }));
      inOrder = inOrder && number(message) === count;
      count += 1;
    });
  },
};

const behave = BEHAVIOURS[spec.behaviour || "echo"];
if (!behave) throw new Error(`no behaviour ${spec.behaviour}`);

// what the engine leaves to others
const elsewhere = (request, response) => response.writeHead(404).end();
const server = spec.tls
  ? https.createServer({ key: fs.readFileSync(spec.tls.key), cert: fs.readFileSync(spec.tls.certificate) }, elsewhere)
  : http.createServer(elsewhere);
const engine = require(spec.server).attach(server, options);
if (spec.requests) {
  const seen = (request) => say({ event: "request", method: request.method, url: request.url, ...shown(request) });
  for (const event of ["request", "upgrade"]) server.prependListener(event, seen);
}
engine.on("connection", (socket) => {
  const { id: sid, request } = socket;
  say({ event: "open", sid, transport: socket.transport.name, ...shown(request) });
  socket.on("upgrade", () => say({ event: "upgrade", sid }));
  socket.on("close", (reason) => say({ event: "close", sid, reason }));
  behave(socket);
});

server.listen(spec.port || 0, "127.0.0.1", () => say({ port: server.address().port }));

process.stdin.resume();
process.stdin.on("end", () => {
  setTimeout(() => process.exit(), GOODBYE_MS);
  server.close(() => process.exit());
  engine.close();
});
