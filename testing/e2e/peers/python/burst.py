"""Takes what the server sends at once: from the start, and again when it is asked to."""

from peer import Peer, now, report, spec

peer = Peer()
bursts = []
for name in ["first", "second"]:
    if bursts:
        peer.send("again")
    now(f"waiting for the {name} burst")
    bursts.append([peer.receive() for _ in range(spec["count"])])
report({"transport": peer.transport, "bursts": bursts, "end": peer.close()})
