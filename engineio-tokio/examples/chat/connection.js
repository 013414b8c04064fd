import { Session } from "./engine-io.js";

/**
 * Keeps one session open: opens a new one when one has ended, first soon, then ever
 * later, and never at the same moment as everyone else whose server was restarted.
 * `path` gives path and query for each of them. `on` is as for a session; its `close(reason, wait)` hears how many milliseconds it will take.
 */
export class Connection {
  #session = null;
  #failures = 0;
  #timer;
  #path;
  #on;

  constructor(path, on) {
    this.#path = path;
    this.#on = on;
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", () => this.start()); // also back from the browser's cache
    addEventListener("online", () => this.start());
    this.start();
  }

  start() {
    if (this.#session !== null) return;
    clearTimeout(this.#timer);
    this.#session = new Session(this.#path(), {
      ...this.#on,
      open: () => {
        this.#failures = 0;
        this.#on.open();
      },
      close: (reason) => {
        this.#session = null;
        const limit = Math.min(500 * 2 ** this.#failures++, 10_000);
        const wait = limit * (0.5 + Math.random() / 2);
        this.#timer = setTimeout(() => this.start(), wait);
        this.#on.close(reason, wait);
      },
    });
  }

  stop() {
    this.#session?.close();
    clearTimeout(this.#timer);
  }

  send(text) {
    this.#session?.send(text);
  }
}
