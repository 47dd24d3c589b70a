"""A server by Python's websockets: the path of a connection says what is done with it.

Prints its port, and how each connection ended; ends with its standard input.
"""

import asyncio
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory


async def echo(socket, _):
    async for message in socket:
        await socket.send(message)


async def fragments(socket, _):
    await socket.send(["one ", "", "two ", "three"])
    await socket.send([b"\x00\x01", b"\x02", b"\xff"])
    await echo(socket, _)


async def ping(socket, _):
    await (await socket.ping(b"are you there?"))
    await socket.send("a pong came")
    await echo(socket, _)


async def close(socket, query):
    await socket.close(int(query["code"][0]), query["reason"][0])


async def numbers(socket, query):
    for number in range(int(query["count"][0])):
        await socket.send(str(number))


async def serve_client(socket):
    target = urlsplit(socket.request.path)
    try:
        await PATHS[target.path](socket, parse_qs(target.query))
        await socket.close()
    except ConnectionClosed:
        pass
    await socket.wait_closed()
    print("closed", socket.close_code, socket.close_reason, flush=True)


PATHS = {
    "/echo": echo,
    "/fragments": fragments,
    "/ping": ping,
    "/close": close,
    "/numbers": numbers,
}


async def main():
    # Without it, websockets' own choice: context takeover, and windows of 12 bits.
    options = {"compression": "deflate", "max_size": None}
    if "--no-context-takeover" in sys.argv:
        deflate = ServerPerMessageDeflateFactory(True, True)
        options = {"compression": None, "extensions": [deflate], "max_size": None}
    if "--default" in sys.argv:
        options = {}
    server = serve(serve_client, "127.0.0.1", 0, **options)
    async with server as listening:
        print("listening", listening.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
