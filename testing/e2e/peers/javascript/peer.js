// What every script here shares: one client as its spec says, one line of JSON for what it saw, and
// a reason for leaving with an error. A script ends when nothing keeps it alive, so a server that
// leaves a request of a closed client without an answer makes it fail too.
"use strict";

// longer than any of this takes, shorter than the test's own patience
const PATIENCE_MS = 35_000;

const spec = JSON.parse(process.argv[2]);
let doing = "connecting";

function fail(reason) {
  process.stderr.write(`client ${spec.client} over ${spec.mode}, while ${doing}: ${reason}\n`);
  process.exit(1);
}

setTimeout(() => fail(`nothing more came for ${PATIENCE_MS / 1000} s`), PATIENCE_MS).unref();
process.on("uncaughtException", (error) => fail(error.stack));

/** Says what is waited for, for the reason of a failure. */
function now(what) {
  doing = what;
}

const TRANSPORTS = {
  polling: ["polling"],
  websocket: ["websocket"],
  upgrade: ["polling", "websocket"],
};

/** A client that connects. An end that the script doesn't expect fails it. */
function connect() {
  const library = require(`engine.io-client-${spec.client}`);
  const Socket = library.Socket || library;
  const options = { transports: TRANSPORTS[spec.mode], ca: spec.ca };
  if (spec.compress) options.perMessageDeflate = { threshold: 0 };
  const socket = new Socket(spec.url, options);
  const unexpected = (reason, details) =>
    fail(`closed by ${reason}: ${(details && (details.description || details.message)) || "no details"}`);
  socket.on("error", (error) => fail(`error: ${error.message} (${error.description})`));
  socket.on("close", unexpected);
  socket.expectClose = () => socket.off("close", unexpected);
  return socket;
}

/** Calls back when the client is open, on the transport that it ends up with. */
function ready(socket, callback) {
  // not in the event itself: there the upgrade is still under way for the client, and a `close()` would wait for ever
  socket.once(spec.mode === "upgrade" ? "upgrade" : "open", () => setImmediate(callback));
}

/** The extensions of the client's WebSocket. */
function extensions(socket) {
  const { ws } = socket.transport;
  if (!ws) return "";
  return typeof ws.extensions === "string" ? ws.extensions : Object.keys(ws.extensions).join();
}

/** Closes the client and prints what it saw. */
function finish(socket, saw) {
  now("closing");
  socket.expectClose();
  socket.close();
  report(saw);
}

function report(saw) {
  process.stdout.write(`${JSON.stringify(saw)}\n`);
}

module.exports = { spec, fail, now, connect, ready, extensions, finish, report };
