"""python-engineio on aiohttp, in one process."""

import argparse
import asyncio

import engineio
from aiohttp import web

parser = argparse.ArgumentParser()
parser.add_argument("--ping-interval", type=int, default=60000)
arguments = parser.parse_args()

server = engineio.AsyncServer(
    async_mode="aiohttp",
    ping_interval=arguments.ping_interval / 1000,
    ping_timeout=60,
    max_http_buffer_size=1_000_100,  # with the packet around the longest message
    monitor_clients=False,
)
sids = set()


@server.on("connect")
def connect(sid, environ):
    sids.add(sid)


@server.on("disconnect")
def disconnect(sid, reason):
    sids.discard(sid)


@server.on("message")
async def message(sid, data):
    if isinstance(data, str) and data.startswith("*"):
        for each in list(sids):
            await server.send(each, data)
    else:
        await server.send(sid, data)


async def main():
    app = web.Application(client_max_size=1_000_000)
    server.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = site._server.sockets[0].getsockname()
    print(f"listening on {host}:{port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
