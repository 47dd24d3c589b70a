"""A client by python-socketio for `wsee listen --as socket.io`: the port of 127.0.0.1 and the transports are its arguments.

Prints what it found, and ends when the server does."""

import queue
import sys

import socketio
from engineio.payload import Payload

PORT, TRANSPORTS = sys.argv[1], sys.argv[2].split(",")
AUTH = {"token": "abc"}
DATA = (1, "größer 🦀", {"a": [True, None]}, b"\x01\x02\xff")

# By default it gives up at more than 16 packets in the answer to a poll.
Payload.max_decode_packets = 10_000
client = socketio.Client(reconnection=False)
received = queue.Queue()
client.on("*", lambda event, *data: received.put((event, *data)))
client.on("*", lambda event, *data: received.put((event, *data)), namespace="/custom")
ended = queue.Queue()
client.on("disconnect", lambda *_: ended.put(True))


def expect(*event):
    found = received.get(timeout=60)
    assert found == event, found


client.connect(f"http://127.0.0.1:{PORT}", auth=AUTH, transports=TRANSPORTS, namespaces=["/", "/custom"])
expect("auth", AUTH)
expect("auth", AUTH)
for namespace in ["/", "/custom"]:
    client.emit("message", DATA, namespace=namespace)
    expect("message-back", *DATA)
    answer = client.call("message-with-ack", DATA, namespace=namespace, timeout=60)
    assert tuple(answer) == DATA, answer
print("events, acknowledgements and attachments came back", flush=True)
for number in range(1000):
    client.emit("number", number)
for number in range(1000):
    expect("number", number)
print("1000 events came back in order over", client.transport(), flush=True)
ended.get(timeout=60)
print("disconnected", flush=True)
