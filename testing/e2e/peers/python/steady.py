"""Sends a numbered message every now and then, whatever the server does, and then waits for its last word."""

import time

from peer import Peer, now, report, spec

peer = Peer()
peer.send(spec["name"])
for number in range(spec["count"]):
    now(f"sending {number}")
    peer.send(str(number))
    time.sleep(spec["pause"] / 1000)
now("waiting for the last word")
report({"heard": peer.receive(), "end": peer.close()})
