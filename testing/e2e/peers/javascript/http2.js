// A client of HTTP/2 by hand, since no official one speaks it on Node: Node's `http2`, and the frames of `ws`. It opens
// a session over polling, moves it to a WebSocket and talks, all on one connection, and shows what came back.
"use strict";

const http2 = require("http2");
const { createRequire } = require("module");
const { spec, fail, now, report } = require("./peer.js");

// the one that the official client brings
const { WebSocket } = createRequire(require.resolve("engine.io-client-6"))("ws");

const POLLING = "/engine.io/?EIO=4&transport=polling";

const session = http2.connect(spec.url, { ca: spec.ca });
session.on("error", (error) => fail(`error: ${error.message}`));

/** Sends a request, and gives its status and its body. */
function request(method, path, body) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": method, ":path": path });
    let status;
    let text = "";
    stream.setEncoding("utf8");
    stream.on("response", (headers) => (status = headers[":status"]));
    stream.on("data", (data) => (text += data));
    stream.on("end", () => resolve({ status, text }));
    stream.on("error", reject);
    stream.end(body);
  });
}

/** Asks for a WebSocket. */
function websocket(path) {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": path,
      "sec-websocket-version": "13",
    });
    stream.on("error", reject);
    stream.on("response", (headers) => {
      if (headers[":status"] !== 200) return reject(new Error(`status ${headers[":status"]}`));
      // `ws` has no way in for a client on a stream that is open already
      const socket = new WebSocket(null, undefined, { closeTimeout: 30_000 });
      socket._isServer = false;
      socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 0, skipUTF8Validation: false });
      resolve(socket);
    });
  });
}

/** Gives the next message that isn't a ping of the heartbeat. */
function next(socket) {
  return new Promise((resolve, reject) => {
    socket.once("close", (code) => reject(new Error(`closed with ${code}`)));
    socket.once("message", (data, isBinary) => resolve(isBinary ? data : data.toString()));
  });
}

async function say(socket, message) {
  socket.send(message);
  return next(socket);
}

async function main() {
  now("waiting for the settings");
  await new Promise((resolve) => session.once("remoteSettings", resolve));
  const { enableConnectProtocol } = session.remoteSettings;

  now("polling");
  const open = await request("GET", POLLING);
  const { sid, upgrades } = JSON.parse(open.text.slice(1));
  const polling = `${POLLING}&sid=${sid}`;
  const posted = await request("POST", polling, "4polled");
  const polled = await request("GET", polling);

  now("upgrading");
  const socket = await websocket(polling.replace("polling", "websocket"));
  const probe = await say(socket, "2probe");
  socket.send("5");
  const messages = [];
  for (const text of ["hello", "é€😀", "", "x".repeat(900_000)]) {
    now(`waiting for ${text.slice(0, 10)}`);
    const heard = await say(socket, `4${text}`);
    messages.push(heard === `4${text}` ? text.slice(0, 10) : heard.slice(0, 80));
  }
  const bytes = await say(socket, Buffer.from([0, 1, 254, 255]));

  now("closing");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.close(1000);
  const code = await closed;
  const after = await request("GET", polling);

  session.close();
  report({
    enableConnectProtocol,
    upgrades,
    polling: [posted.text, polled.text],
    probe,
    messages,
    bytes: [...bytes],
    code,
    after: after.text,
  });
}

main().catch((error) => fail(error.stack));
