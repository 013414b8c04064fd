// Posts a body with `fetch` that is longer than the server takes, as a page's own upload might.
"use strict";

const { spec, now, report } = require("./peer.js");

async function main() {
  const target = `${spec.url}/engine.io/?EIO=4&transport=polling`;
  now("opening");
  const open = await (await fetch(target)).text();
  const { sid } = JSON.parse(open.slice(1));
  now("posting");
  const post = (body) => fetch(`${target}&sid=${sid}`, { method: "POST", body });
  const statuses = [];
  for (const bytes of spec.lengths) {
    const answer = await post("4".repeat(bytes));
    await answer.text();
    statuses.push(answer.status);
  }
  report({ statuses });
}

main();
