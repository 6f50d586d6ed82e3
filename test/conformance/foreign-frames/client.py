"""A WebSocket client of another language: does the whole exchange with the server whose URL it is given."""

import asyncio
import sys

import websockets

SIZES = [0, 1, 125, 126, 65535, 65536, 1048576]


async def exchange(url):
    options = {"compression": None, "max_size": 2**24, "subprotocols": ["a.example", "b.example"]}
    async with websockets.connect(url, **options) as socket:
        assert socket.subprotocol == "b.example", socket.subprotocol
        for size in SIZES:
            for data in ["\u00fc" * (size // 2), bytes(i * 7 & 255 for i in range(size))]:
                await socket.send(data)
                assert await socket.recv() == data, size
        await socket.send(["ei", "ns", " zwei"])
        assert await socket.recv() == "eins zwei"
        await (await socket.ping("hello"))
        await socket.send("fragments")
        assert await socket.recv() == "fragments"
        await socket.send("ping me")
        await socket.send("still there")
        assert await socket.recv() == "still there"
        await socket.close(4000, "done")
        assert socket.close_code == 4000, socket.close_code


async def be_closed(url):
    async with websockets.connect(url) as socket:
        await socket.send("close me")
        await socket.wait_closed()
        assert (socket.close_code, socket.close_reason) == (4001, "bye"), socket.close_code


async def be_refused(url):
    try:
        await websockets.connect(url + "/refused")
    except websockets.exceptions.InvalidStatusCode as error:
        assert error.status_code == 403, error.status_code
    else:
        raise AssertionError("not refused")


async def main(url):
    await exchange(url)
    await be_closed(url)
    await be_refused(url)
    print("exchange complete")


asyncio.run(main(sys.argv[1]))
