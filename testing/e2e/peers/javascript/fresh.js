// Many clients without cookies that open a connection for each request. Each sends numbered messages, the next one when
// the last came back, and the script shows which session it had and on which transport it ended. None says goodbye, so
// that no request comes for a session that has ended.
"use strict";

const https = require("https");
const { spec, fail, now, report } = require("./peer.js");
const { Socket } = require("engine.io-client-6");

function talk(transports) {
  return new Promise((resolve) => {
    const agent = new https.Agent({ keepAlive: false, ca: spec.ca });
    const socket = new Socket(spec.url, { transports, agent, ca: spec.ca });
    const closed = (reason, details) => fail(`closed by ${reason}: ${details && details.message}`);
    let sid;
    let next = 0;
    const goal = transports.length > 1 ? "websocket" : transports[0];
    // until all came back, and the upgrade is over
    const send = () => {
      if (next < spec.count || socket.transport.name !== goal) return socket.send(String(next));
      resolve({ sid, transport: socket.transport.name });
    };
    socket.on("close", closed);
    socket.on("open", () => {
      sid = socket.id;
      send();
    });
    socket.on("message", (message) => {
      if (message !== String(next)) fail(`${message} in the place of ${next}`);
      next += 1;
      setTimeout(send, 5);
    });
  });
}

now("talking");
const clients = spec.transports.map(talk);
Promise.all(clients).then((clients) => {
  report({ clients });
  process.exit();
});
