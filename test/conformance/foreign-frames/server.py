"""A WebSocket server of another language; it tells what it saw on its standard output."""

import asyncio
import http
import sys

import websockets


async def serve(socket):
    try:
        async for message in socket:
            if message == "close me":
                await socket.close(4001, "bye")
            elif message == "ping me":
                pong = await socket.ping("there?")
                pong.add_done_callback(lambda _: print("pong there?", flush=True))
            elif message == "fragments":
                await socket.send(["x" * 60_000, "x" * 20_000, "x" * 20_000])
            else:
                await socket.send(message)
    finally:
        await socket.wait_closed()
        print("close", socket.close_code, socket.close_reason, flush=True)


async def refuse(path, headers):
    if path == "/refused":
        return http.HTTPStatus.FORBIDDEN, [], b"not here"


async def main(port):
    options = {"max_size": 2**24, "process_request": refuse, "subprotocols": ["b.example"]}
    async with websockets.serve(serve, "127.0.0.1", port, **options):
        await asyncio.Future()


asyncio.run(main(int(sys.argv[1])))
