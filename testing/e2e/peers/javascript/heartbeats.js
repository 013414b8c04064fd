// Stays through a few heartbeats, then shows that the session still carries a message.
"use strict";

const { spec, now, connect, ready, finish } = require("./peer.js");

const socket = connect();
ready(socket, () => {
  now("waiting for heartbeats");
  let heard = 0;
  // the server pings a client of 6.x, a client of 3.x pings the server
  socket.on(spec.client <= 3 ? "pong" : "ping", () => {
    heard += 1;
    if (heard === spec.count) socket.send("still here");
  });
  socket.on("message", (message) => finish(socket, { heard, message }));
});
