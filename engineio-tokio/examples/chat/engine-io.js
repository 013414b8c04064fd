// A small Engine.IO client, revision 4 of the protocol, for text messages.
//
// A session begins with HTTP requests, which pass everywhere ("polling"), and moves to
// a WebSocket once one is known to work. A packet is one digit and its data:
//
//   0 open   1 close   2 ping   3 pong   4 message   5 upgrade   6 noop
//
// A WebSocket frame carries one packet; the body of a request or an answer carries
// some, separated by U+001E.
const SEPARATOR = "\x1e";
const PROBE_TIMEOUT = 10_000;

/**
 * One session, from its handshake to its end. `on` has the functions to call:
 * `open()`, `message(text)`, `upgrade(ms)`, `stay()` when there is no WebSocket to be
 * had, and last of all, once, `close(reason)`.
 */
export class Session {
  transport = "polling";
  #state = "opening"; // then "open", then "closed"
  #outbox = []; // packets that have not left, in order
  #polling = null; // the promise of the poll loop, while it runs
  #posting = null; // the promise of the POSTs, while there are any
  #isPaused = false; // between the two transports: no new GET, no new POST
  #socket = null; // the WebSocket, also while it is only probed
  #requests = new AbortController();
  #url;
  #on;
  #heartbeat; // the longest silence, in milliseconds
  #maxPayload; // the longest body that the server takes, in bytes
  #deadline; // the timer of the heartbeat

  constructor(path, on) {
    this.#url = new URL(path, location.href);
    this.#url.searchParams.set("EIO", "4");
    this.#url.searchParams.set("transport", "polling");
    this.#on = on;
    this.#run(this.#open());
  }

  /** Sends a text. Before the handshake and during the upgrade it waits its turn. */
  send(text) {
    this.#outbox.push("4" + text);
    this.#flush();
  }

  /** Says goodbye: also works while the page is going away. */
  close() {
    if (this.#state === "open" && this.transport === "polling") {
      navigator.sendBeacon(this.#url, [...this.#outbox, "1"].join(SEPARATOR));
    }
    this.#end("closed here");
  }

  // 1. The handshake: a GET without a session identifier opens the session. The answer
  //    begins with an open packet; messages may follow it.
  async #open() {
    const [open, ...others] = await this.#get();
    if (this.#state === "closed") return; // by the page, meanwhile
    if (open[0] !== "0") throw new Error("the server speaks another language");
    const { sid, upgrades, pingInterval, pingTimeout, maxPayload } = JSON.parse(open.slice(1));
    this.#url.searchParams.set("sid", sid); // from now on in every request
    this.#heartbeat = pingInterval + pingTimeout;
    this.#maxPayload = maxPayload;
    this.#state = "open";
    this.#expectPing();
    this.#on.open();
    others.forEach((packet) => this.#receive(packet));
    if (upgrades.includes("websocket")) this.#upgrade();
    else this.#on.stay();
    this.#resume();
  }

  // 2. The poll loop: one GET after the other, each answered when there is something to
  //    say. Never two at a time: the server would end the session.
  async #poll() {
    while (this.#state === "open" && !this.#isPaused) {
      for (const packet of await this.#get()) this.#receive(packet);
    }
    this.#polling = null;
  }

  // 3. The other direction: one POST after the other with all that waits, in pieces no
  //    larger than the server takes.
  async #post() {
    await null; // what is sent in one go leaves in one body
    while (this.#outbox.length > 0 && this.#state === "open" && !this.#isPaused) {
      await this.#request({ method: "POST", body: this.#takeBody() });
    }
    this.#posting = null;
  }

  #takeBody() {
    let size = -1; // one separator less than packets
    const end = this.#outbox.findIndex((packet, index) => {
      size += 1 + new TextEncoder().encode(packet).length;
      return index > 0 && size > this.#maxPayload;
    });
    return this.#outbox.splice(0, end < 0 ? this.#outbox.length : end).join(SEPARATOR);
  }

  // 4. The heartbeat: the server sends a ping every `pingInterval` and we answer. When
  //    none has come for that long and `pingTimeout` more, nobody is there.
  #expectPing() {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#end("no heartbeat"), this.#heartbeat);
  }

  #receive(packet) {
    if (this.#state !== "open") return; // after a close packet nothing counts
    switch (packet[0]) {
      case "1":
        return this.#end("closed by the server");
      case "2":
        this.#expectPing();
        this.#outbox.unshift("3"); // before any message
        return this.#flush();
      case "4":
        return this.#on.message(packet.slice(1));
      case "6": // only ends a poll
        return;
      default:
        return this.#end("unexpected packet");
    }
  }

  // 5. The upgrade moves the session to a WebSocket, with no message lost, doubled or
  //    overtaken. Polling goes on until the probe has been answered; when anything goes
  //    wrong before the last step, polling goes on as if nothing had happened.
  async #upgrade() {
    const start = performance.now();
    const socket = await this.#probe().catch(() => null);
    if (this.#state !== "open") return;
    this.#isPaused = false;
    if (socket === null) {
      this.#socket?.close();
      this.#on.stay();
      return this.#resume();
    }
    // c. Move. With this packet the server moves too; all that waited follows it.
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => this.#end("connection lost");
    socket.send("5");
    this.transport = "websocket";
    this.#flush();
    this.#on.upgrade(performance.now() - start);
  }

  async #probe() {
    const url = new URL(this.#url);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("transport", "websocket");
    const socket = (this.#socket = new WebSocket(url));
    const closed = new Promise((_, reject) => (socket.onclose = reject));
    const first = (type) => new Promise((resolve) => (socket[`on${type}`] = resolve));
    const timer = setTimeout(() => socket.close(), PROBE_TIMEOUT);

    // a. Does a packet get through, and its answer back? Some proxies let a WebSocket
    //    open and then carry nothing.
    await Promise.race([first("open"), closed]);
    socket.send("2probe");
    const { data } = await Promise.race([first("message"), closed]);
    if (data !== "3probe") throw new Error("the answer to the probe is another");

    // b. Pause: no new GET and no new POST, and those on their way run to their end.
    //    The server ends a waiting GET with a noop. What it sends from here on waits
    //    there for the WebSocket, and what we send waits in the outbox.
    this.#isPaused = true;
    await Promise.race([Promise.all([this.#polling, this.#posting]), closed]);
    clearTimeout(timer);
    if (socket.readyState !== WebSocket.OPEN) throw new Error("closed during the pause");
    return socket;
  }

  #resume() {
    if (this.#state !== "open") return;
    this.#polling ??= this.#run(this.#poll());
    this.#flush();
  }

  #flush() {
    if (this.#state !== "open" || this.#isPaused) return;
    if (this.transport === "websocket") {
      this.#outbox.splice(0).forEach((packet) => this.#socket.send(packet));
    } else if (this.#outbox.length > 0) {
      this.#posting ??= this.#run(this.#post());
    }
  }

  async #get() {
    return (await (await this.#request({})).text()).split(SEPARATOR);
  }

  async #request(options) {
    const signal = this.#requests.signal;
    const response = await fetch(this.#url, { ...options, cache: "no-store", signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return response;
  }

  // A request that fails ends the session: what it carried may or may not have arrived.
  #run(promise) {
    return promise.catch((error) => this.#end(error.message));
  }

  #end(reason) {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#deadline);
    this.#requests.abort();
    this.#socket?.close();
    this.#on.close(reason);
  }
}
