#!/usr/bin/env python3
"""Sends a message to a group of Engine.IO servers, from a process that isn't one of them.

    publish.py redis://127.0.0.1:6379 chat room "hello, all nodes"
    publish.py nats://127.0.0.1:4222 chat room "hello, all nodes"

It needs nothing but Python. A program would take the engine's own client library.
"""

import base64
import socket
import sys
from urllib.parse import urlsplit


def subject(cluster, group):
    name = base64.urlsafe_b64encode(group.encode()).rstrip(b"=").decode()
    return f"eio.{cluster}.g.{name or '='}"


def frame(message):
    """One frame, as a WebSocket of revision 3 has it: text, or bytes."""
    if isinstance(message, str):
        return b"4" + message.encode()
    return b"\x04" + message


def publish(url, channel, payload):
    url = urlsplit(url)
    with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
        answers = connection.makefile("rb")
        if url.scheme == "redis":
            words = [b"PUBLISH", channel.encode(), payload]
            request = b"*%d\r\n" % len(words)
            request += b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
            connection.sendall(request)
            answer = answers.readline()
            return answer.startswith(b":"), answer
        answers.readline()  # INFO
        connection.sendall(b'CONNECT {"verbose":false}\r\n')
        connection.sendall(b"PUB %s %d\r\n%s\r\nPING\r\n" % (channel.encode(), len(payload), payload))
        answer = answers.readline()
        return answer.startswith(b"PONG"), answer


if __name__ == "__main__":
    _, url, cluster, group, text = sys.argv
    is_taken, answer = publish(url, subject(cluster, group), frame(text))
    if not is_taken:
        sys.exit(f"not taken: {answer}")
