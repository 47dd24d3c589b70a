"""A server by hypercorn, which opens WebSockets over HTTP/1.1 and in streams of HTTP/2 (RFC 8441).

Takes the files of a certificate and its key. Prints its port, and how each WebSocket ended; ends with its standard
input.
"""

import asyncio
import socket
import sys
from urllib.parse import parse_qs

from hypercorn.asyncio import serve
from hypercorn.config import Config


async def echo(receive, send, _):
    while (event := await receive())["type"] == "websocket.receive":
        message = {key: event[key] for key in ("bytes", "text") if event.get(key) is not None}
        await send({"type": "websocket.send", **message})
    print("closed", event["code"], event.get("reason") or "", flush=True)


async def close(_, send, query):
    code, reason = int(query["code"][0]), query["reason"][0]
    await send({"type": "websocket.close", "code": code, "reason": reason})


PATHS = {"/echo": echo, "/close": close}


async def serve_client(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await receive()
    if scope["path"] == "/refuse":
        head = {"type": "websocket.http.response.start", "status": 403, "headers": []}
        await send(head)
        await send({"type": "websocket.http.response.body", "body": b"not for you"})
        return
    await send({"type": "websocket.accept"})
    await PATHS[scope["path"]](receive, send, parse_qs(scope["query_string"].decode()))


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening", listener.getsockname()[1], flush=True)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.certfile, config.keyfile = sys.argv[1:]
    config.errorlog = None
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    await serve(serve_client, config, shutdown_trigger=lambda: ended)


asyncio.run(main())
