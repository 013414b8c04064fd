// The reference client on Node. It sends messages to a server that echoes, and for each that comes
// back another one.
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Socket } from "engine.io-client";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    transport: { type: "string" },
    sessions: { type: "string" },
    "in-flight": { type: "string" },
  },
});

const message = "x".repeat(64);
let count = 0;

function talk(socket) {
  socket.on("message", (message) => {
    count += 1;
    socket.send(message);
  });
  socket.on("close", (reason) => {
    throw new Error(reason);
  });
  for (let sent = 0; sent < Number(values["in-flight"]); sent += 1) {
    socket.send(message);
  }
}

for (let session = 0; session < Number(values.sessions); session += 1) {
  const socket = new Socket(positionals[0], { transports: [values.transport] });
  await new Promise((open) => socket.on("open", open));
  talk(socket);
}
console.log("running");
createInterface(process.stdin).on("line", () => console.log(count));
