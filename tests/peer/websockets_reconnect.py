"""A client by Python's websockets that connects again and again: the port of 127.0.0.1 is its first argument, the
number of connections the second.

Sends three messages on each, and prints what came and how it ended; a connection that stays open is pinged. After one
that failed the next one waits a while.
"""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PATIENCE = 0.7
PAUSE = 0.1


async def ping(socket):
    try:
        await asyncio.wait_for(await socket.ping(), PATIENCE)
        return "open"
    except TimeoutError:
        return "mute"
    except ConnectionClosed:
        return f"closed {socket.close_code}"


async def converse(socket):
    received = []
    try:
        for message in ["one", "two", "three"]:
            await socket.send(message)
        while True:
            received.append(await asyncio.wait_for(socket.recv(), PATIENCE))
    except TimeoutError:
        ending = await ping(socket)
    except ConnectionClosed:
        ending = f"closed {socket.close_code}"
    return " ".join([*received, ending])


async def attempt(url):
    try:
        options = {"open_timeout": PATIENCE, "close_timeout": PATIENCE, "ping_interval": None}
        socket = await connect(url, **options)
    except InvalidStatus as error:
        return f"refused {error.response.status_code}"
    except TimeoutError:
        return "no answer"
    except Exception as error:
        return f"failed {type(error).__name__}"
    result = await converse(socket)
    await socket.close()
    return result


async def main():
    url = f"ws://127.0.0.1:{sys.argv[1]}/"
    for number in range(1, int(sys.argv[2]) + 1):
        found = await attempt(url)
        print(number, found, flush=True)
        if found.startswith(("failed", "refused")):
            await asyncio.sleep(PAUSE)


asyncio.run(main())
