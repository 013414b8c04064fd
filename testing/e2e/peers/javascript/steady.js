// Sends a numbered message every now and then, whatever the server does, and then waits for its last word.
"use strict";

const { spec, now, connect, ready, finish } = require("./peer.js");

const socket = connect();
ready(socket, () => {
  let next = 0;
  socket.send(spec.name);
  const timer = setInterval(() => {
    if (next === spec.count) {
      clearInterval(timer);
      return now("waiting for the last word");
    }
    now(`sending ${next}`);
    socket.send(String(next));
    next += 1;
  }, spec.pause);
  socket.on("message", (heard) => finish(socket, { heard }));
});
