// Makes the server end the session, with a packet that no client sends, and shows what the client heard of it.
"use strict";

const http = require("http");
const { spec, fail, now, connect, ready, report } = require("./peer.js");

const socket = connect();

function provoke() {
  if (socket.transport.name === "websocket") return socket.transport.ws.send("abc");
  const url = `${spec.url}/engine.io/?EIO=${spec.client <= 3 ? 3 : 4}&transport=polling&sid=${socket.id}`;
  const request = http.request(url, { method: "POST", headers: { "Content-Type": "text/plain" } });
  request.on("error", (error) => fail(`posting by hand: ${error.message}`));
  request.on("response", (response) => response.resume());
  request.end("abc");
}

ready(socket, () => {
  now("waiting for the first message");
  socket.send("hello");
  socket.once("message", () => {
    now("waiting for the end");
    // a poll that comes after the end is refused, which is an error before it is a close
    socket.off("error");
    socket.on("error", () => {});
    socket.expectClose();
    socket.on("close", (reason) => report({ reason }));
    provoke();
  });
});
