"""Says hello, and waits for the server to end the session."""

from peer import Peer, now, report

peer = Peer()
peer.send("hello")
now("waiting for the end")
report({"end": peer.end()})
