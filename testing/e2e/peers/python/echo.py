"""Sends all messages at once and shows what comes back, then disconnects.

A message is a string, {"binary": [1, 2]} or, for long ones, {"text": "é", "times": 10} and {"byte": 7, "times": 10}. What
came back as it was sent is shown as in the spec, anything else is described.
"""

from peer import Peer, now, report, spec


def made(message):
    if isinstance(message, str):
        return message
    if "binary" in message:
        return bytes(message["binary"])
    if "text" in message:
        return message["text"] * message["times"]
    return bytes([message["byte"]]) * message["times"]


def shown(received, sent):
    if type(received) is type(made(sent)) and received == made(sent):
        return sent
    return f"{type(received).__name__} of {len(received)}: {received[:40]!r}"


peer = Peer()
transport = peer.transport
for message in spec["messages"]:
    peer.send(made(message))
messages = []
for message in spec["messages"]:
    now(f"waiting for message {len(messages)}")
    messages.append(shown(peer.receive(), message))
report({"transport": transport, "messages": messages, "end": peer.close()})
