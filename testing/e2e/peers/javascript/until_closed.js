// Stays until the server ends the session, and shows what the client heard of it.
"use strict";

const { now, connect, ready, report } = require("./peer.js");

const socket = connect();
ready(socket, () => {
  now("waiting for the end");
  socket.expectClose();
  socket.on("close", (reason) => report({ reason }));
});
