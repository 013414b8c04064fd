// The reference implementation on Node, over the package `ws` or over uWebSockets.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server, uServer } from "engine.io";

const { values } = parseArgs({
  options: {
    on: { type: "string", default: "ws" },
    "ping-interval": { type: "string", default: "60000" },
  },
});

const options = {
  pingInterval: Number(values["ping-interval"]),
  pingTimeout: 60_000,
  maxHttpBufferSize: 1_000_000,
};

function serve(engine) {
  const sockets = new Set();
  engine.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("message", (message) => {
      if (typeof message === "string" && message.startsWith("*")) {
        for (const each of sockets) {
          each.send(message);
        }
      } else {
        socket.send(message);
      }
    });
  });
}

if (values.on === "uws") {
  const uws = createRequire(import.meta.url)("@trufflesuite/uws-js-unofficial");
  const engine = new uServer(options);
  const app = uws.App();
  engine.attach(app, { path: "/engine.io" });
  app.listen("127.0.0.1", 0, (listener) => {
    console.log(`listening on 127.0.0.1:${uws.us_socket_local_port(listener)}`);
  });
  serve(engine);
} else {
  const http = createServer();
  const engine = new Server(options);
  engine.attach(http, { path: "/engine.io" });
  http.listen(0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${http.address().port}`));
  serve(engine);
}
