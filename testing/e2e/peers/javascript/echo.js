// Sends groups of messages, the next group once the last one came back, and shows what came back.
//
// A message is a string, {"binary": [1, 2]} or, for long ones, {"text": "é", "times": 10} and
// {"byte": 7, "times": 10}. What came back as it was sent is shown as in the spec, anything else is described.
"use strict";

const { spec, now, connect, ready, extensions, finish } = require("./peer.js");

function made(message) {
  if (typeof message === "string") return message;
  if (message.binary) return Buffer.from(message.binary);
  if (message.text) return message.text.repeat(message.times);
  return Buffer.alloc(message.times, message.byte);
}

function shown(data, sent) {
  // both clients hand over the empty text as nothing at all
  const received = data === undefined ? "" : data;
  if (typeof received === "string") {
    return received === made(sent) ? sent : `text of ${received.length}: ${received.slice(0, 80)}`;
  }
  const bytes = Buffer.from(received);
  const expected = made(sent);
  if (Buffer.isBuffer(expected) && bytes.equals(expected)) return sent;
  return `binary of ${bytes.length}: ${bytes.toString("hex", 0, 40)}`;
}

const socket = connect();
const groups = [...spec.groups];
const messages = [];

function next() {
  const group = groups.shift();
  if (!group) return finish(socket, { transport, agreed, messages });
  now(`waiting for ${JSON.stringify(group)}`);
  let expected = group.length;
  socket.on("message", function receive(data) {
    messages.push(shown(data, group[group.length - expected]));
    expected -= 1;
    if (expected > 0) return;
    socket.off("message", receive);
    next();
  });
  for (const message of group) socket.send(made(message));
}

let transport;
let agreed;
ready(socket, () => {
  transport = socket.transport.name;
  agreed = extensions(socket);
  next();
});
