// Opens a session and closes it.
"use strict";

const { now, connect, ready, report } = require("./peer.js");

const socket = connect();
ready(socket, () => {
  now("closing");
  const sid = socket.id;
  socket.expectClose();
  socket.on("close", (reason) => report({ sid, reason }));
  socket.close();
});
