"""A client by Python's websockets for an echo server behind an HTTP proxy: the URLs of both are its arguments, the
server's first.
"""

import asyncio
import sys

from websockets.asyncio.client import connect


async def main():
    async with connect(sys.argv[1], proxy=sys.argv[2]) as socket:
        for message in ["text", "größer 🦀", "x" * 300_000]:
            await socket.send(message)
            assert await socket.recv() == message
        print("all messages came back")
        await socket.close(4321, "enough")
        print("closed", socket.close_code)


asyncio.run(main())
