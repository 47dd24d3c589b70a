"""A client by Python's websockets for an echo server: the port of 127.0.0.1 is its argument.

Prints what it found, and ends when the server closes its second connection.
"""

import asyncio
import random
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

LARGE = random.Random(1).randbytes(16 << 20)
MESSAGES = ["text", "", "größer 🦀", b"", bytes(range(256)), "x" * 300_000, LARGE]


async def converse(socket):
    for message in MESSAGES:
        await socket.send(message)
        assert await socket.recv() == message
    print("all messages came back")
    await socket.send(["one ", "", "two"])
    await socket.send([b"\x00", b"\xff"])
    assert [await socket.recv(), await socket.recv()] == ["one two", b"\x00\xff"]
    print("fragments came back whole")
    await (await socket.ping(b"are you there?"))
    print("a pong came")


async def count(socket):
    async def send():
        for number in range(10_000):
            await socket.send(f"message {number}")

    sender = asyncio.create_task(send())
    for number in range(10_000):
        assert await socket.recv() == f"message {number}"
    await sender
    print("10000 messages came back in order")


async def main():
    url = f"ws://127.0.0.1:{sys.argv[1]}/"
    async with connect(url, max_size=None) as socket:
        await converse(socket)
        await count(socket)
        await socket.close(4321, "enough")
        print("closed", socket.close_code)
    async with connect(url) as socket:
        print("waiting for a close", flush=True)
        try:
            await socket.recv()
        except ConnectionClosed:
            print("closed", socket.close_code, flush=True)


asyncio.run(main())
