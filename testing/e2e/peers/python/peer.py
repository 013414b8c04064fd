"""What every script here shares: one client as its spec says, one line of JSON for what it saw, and a reason for leaving
with an error.

The scripts are written once, for both clients: an `AsyncClient` runs in an event loop on a thread of its own, and what
happens to either of them goes through a queue to the script.
"""

import asyncio
import json
import os
import queue
import sys
import threading

import engineio

# longer than any of this takes, shorter than the test's own patience
PATIENCE = 35

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}

spec = json.loads(sys.argv[1])
doing = "connecting"


def now(what):
    """Says what is waited for, for the reason of a failure."""
    global doing
    doing = what


def fail(reason):
    sys.stderr.write(f"{spec['client']} over {spec['mode']}, while {doing}: {reason}\n")
    sys.stderr.flush()
    os._exit(1)


def report(saw):
    print(json.dumps(saw), flush=True)


class Outbox(queue.Queue):
    """What the client still has to send. It knows when the client waits for more: see `Peer.close`."""

    def __init__(self):
        super().__init__()
        self.idle = threading.Event()

    def get(self, block=True, timeout=None):
        if not block:
            return super().get(block, timeout)
        self.idle.set()
        try:
            return super().get(block, timeout)
        finally:
            self.idle.clear()


class AsyncOutbox(asyncio.Queue):
    """The same for an `AsyncClient`."""

    def __init__(self):
        super().__init__()
        self.idle = threading.Event()

    async def get(self):
        self.idle.set()
        try:
            return await super().get()
        finally:
            self.idle.clear()


class Client(engineio.Client):
    """The client starts a thread for each message, and threads have no order. Here a message waits until the one before
    it was handled, as it does in an event loop."""

    def create_queue(self):
        return Outbox()

    def _trigger_event(self, event, *args, run_async=False, **more):
        return super()._trigger_event(event, *args, run_async=False, **more)


class AsyncClient(engineio.AsyncClient):
    def create_queue(self):
        return AsyncOutbox()


class Peer:
    """A client that connects. An end that the script doesn't expect fails it."""

    def __init__(self):
        if spec["client"] == "AsyncClient":
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
            # only the main thread may take signals
            self._client = AsyncClient(handle_sigint=False)
        else:
            self._loop = None
            self._client = Client()
        self._events = queue.Queue()
        self._client.on("message", lambda data: self._events.put(("message", data)))
        self._client.on("disconnect", lambda reason: self._events.put(("disconnect", reason)))
        self._do(self._client.connect, spec["url"], transports=TRANSPORTS[spec["mode"]])

    @property
    def transport(self):
        return self._client.transport()

    def send(self, message):
        self._do(self._client.send, message)

    def receive(self):
        """The next message."""
        event, what = self._next_event()
        if event != "message":
            fail(f"disconnected: {what}")
        return what

    def end(self):
        """The reason of the end, which has to come next."""
        event, what = self._next_event()
        if event != "disconnect":
            fail(f"a message instead: {what!r}")
        return what

    def close(self):
        """Disconnects, and gives the reason that the client tells its application.

        While a client is sending, `disconnect` throws away what waits behind that, also the packet that tells the server.
        Over polling it then waits for the answer to a poll that nobody has a reason to answer. So it is called when there
        is nothing left to send.
        """
        now("sending the rest")
        self._do(self._client.queue.join)
        self._client.queue.idle.wait(PATIENCE)
        now("disconnecting")
        self._do(self._client.disconnect)
        return self.end()

    def _next_event(self):
        try:
            return self._events.get(timeout=PATIENCE)
        except queue.Empty:
            fail("nothing more came")

    def _do(self, method, *args, **more):
        try:
            if self._loop is None:
                return method(*args, **more)
            return asyncio.run_coroutine_threadsafe(method(*args, **more), self._loop).result(PATIENCE)
        except Exception as error:
            fail(f"{type(error).__name__}: {error}")
