"""A python-engineio server that does what its spec says, and prints a line of JSON for its port and for each thing that
happens. It ends when its input does.

The package runs with aiohttp, which the requirements of its clients bring.
"""

import asyncio
import json
import ssl
import struct
import sys
import urllib.parse

import engineio
from aiohttp import web

# a client that stopped reading must not keep a server that was told to end
GOODBYE = 1

spec = json.loads(sys.argv[1])

# the names of the options here, and what makes them
OPTIONS = {
    "pingInterval": ("ping_interval", lambda milliseconds: milliseconds / 1000),
    "pingTimeout": ("ping_timeout", lambda milliseconds: milliseconds / 1000),
    "maxHttpBufferSize": ("max_http_buffer_size", int),
    "transports": ("transports", list),
    "allowUpgrades": ("allow_upgrades", bool),
    "cookie": ("cookie", lambda cookie: cookie or None),
}

options = dict(spec.get("options", {}))
path = options.pop("path", "/engine.io")
eio = engineio.AsyncServer(
    async_mode="aiohttp",
    # messages keep their order
    async_handlers=False,
    **{OPTIONS[name][0]: OPTIONS[name][1](value) for name, value in options.items()},
)
sessions = {}
# those of them that have not been seen on a WebSocket
polling = set()
tasks = set()


def say(**line):
    print(json.dumps(line), flush=True)


def begin(coroutine):
    """For what an event can't wait for: the event would wait for itself."""
    task = asyncio.create_task(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def shown(request):
    """What a test looks for in a request."""
    names = ["cookie", "authorization", "x-test"]
    return {
        "query": dict(urllib.parse.parse_qsl(request.query_string, keep_blank_values=True)),
        "headers": {name: request.headers[name] for name in names if name in request.headers},
    }


class Echo:
    def __init__(self, sid):
        self.sid = sid

    async def open(self):
        pass

    async def message(self, message):
        await eio.send(self.sid, message)


class Burst(Echo):
    async def open(self):
        for number in range(spec["count"]):
            await eio.send(self.sid, str(number))


class CloseAfter(Echo):
    async def message(self, message):
        begin(eio.disconnect(self.sid))


class CloseAtOnce(Echo):
    async def open(self):
        begin(eio.disconnect(self.sid))


class Count(Echo):
    count = 0
    in_order = True

    async def message(self, message):
        if message == "done":
            await eio.send(self.sid, json.dumps({"count": self.count, "in_order": self.in_order}))
            return
        number = int(message) if isinstance(message, str) else struct.unpack(">I", message)[0]
        self.in_order = self.in_order and number == self.count
        self.count += 1


BEHAVIOURS = {
    "echo": Echo,
    "burst": Burst,
    "close_after": CloseAfter,
    "close_at_once": CloseAtOnce,
    "count": Count,
}
behaviour = BEHAVIOURS[spec.get("behaviour", "echo")]


def note_upgrade(sid):
    """The package has no event for it."""
    if sid in polling and eio.transport(sid) == "websocket":
        polling.remove(sid)
        say(event="upgrade", sid=sid)


async def watch_upgrade(sid):
    while sid in polling:
        note_upgrade(sid)
        await asyncio.sleep(0.005)


@eio.on("connect")
async def connect(sid, environ):
    if "refuse" in spec:
        return spec["refuse"]["message"]
    request = environ["aiohttp.request"]
    transport = request.query.get("transport", "polling")
    say(event="open", sid=sid, transport=transport, **shown(request))
    sessions[sid] = behaviour(sid)
    if transport == "polling":
        polling.add(sid)
        begin(watch_upgrade(sid))
    await sessions[sid].open()


@eio.on("message")
async def message(sid, data):
    note_upgrade(sid)
    await sessions[sid].message(data)


@eio.on("disconnect")
async def disconnect(sid, reason):
    if sessions.pop(sid, None):
        note_upgrade(sid)
        polling.discard(sid)
        say(event="close", sid=sid, reason=reason)


@web.middleware
async def seen(request, handler):
    if spec.get("requests"):
        say(event="request", method=request.method, url=request.path_qs, **shown(request))
    return await handler(request)


async def main():
    app = web.Application(middlewares=[seen])
    eio.attach(app, path)
    tls = None
    if "tls" in spec:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(spec["tls"]["certificate"], spec["tls"]["key"])
    runner = web.AppRunner(app, shutdown_timeout=GOODBYE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    say(port=runner.addresses[0][1])
    await asyncio.to_thread(sys.stdin.read)
    if sessions:
        await asyncio.wait([asyncio.create_task(eio.disconnect())], timeout=GOODBYE)
    await eio.shutdown()
    await runner.cleanup()


asyncio.run(main())
