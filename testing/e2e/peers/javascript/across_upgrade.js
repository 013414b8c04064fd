// Numbered messages that begin before the upgrade, go on while it is under way and end after it. The echoes must come
// back in order, none missing and none twice; every tenth is binary.
"use strict";

const { spec, fail, now, connect, finish } = require("./peer.js");

const socket = connect();
const sent = { before: 0, during: 0, after: 0 };
let phase = "before";
let next = 0;
let received = 0;

function send(count) {
  for (; count > 0 && next < spec.count; count -= 1, next += 1, sent[phase] += 1) {
    if (next % 10 === 0) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(next);
      socket.send(bytes);
    } else {
      socket.send(String(next));
    }
  }
}

// a few with each turn of the event loop, so that polls and posts of all sizes are under way; a third at most is sent
// in each of the first two phases, and some of it for certain
function pump() {
  const most = { before: spec.count / 3, during: (spec.count * 2) / 3, after: spec.count }[phase];
  send(Math.min(7, Math.ceil(most) - next));
  if (next < spec.count) setImmediate(pump);
}

socket.on("open", () => {
  now("sending");
  pump();
});
socket.on("upgrading", () => {
  phase = "during";
  send(50);
});
socket.on("upgrade", () => {
  phase = "after";
  send(50);
  now("waiting for the rest");
});
socket.on("upgradeError", (error) => fail(`upgrade error: ${error.message}`));
socket.on("message", (data) => {
  const number = typeof data === "string" ? Number(data) : Buffer.from(data).readUInt32BE(0);
  if (number !== received) fail(`${number} came in the place of ${received}`);
  if ((number % 10 === 0) !== (typeof data !== "string")) fail(`${number} came as ${typeof data}`);
  received += 1;
  if (received === spec.count) finish(socket, { received, sent, transport: socket.transport.name });
});
