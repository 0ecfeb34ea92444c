"""Pass connections on, between addresses `tcp:HOST:PORT` and `unix:PATH`: relay.py LISTEN=TARGET …

Run as a process of its own, because the two sides are in different network namespaces. A connection ends on one side
when it ends on the other. Uses nothing but Python.
"""

import asyncio
import contextlib
import sys

BLOCK_BYTES = 65_536
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(target: str) -> Streams:
	kind, _, address = target.partition(":")
	if kind == "unix":
		return await asyncio.open_unix_connection(address)
	host, _, port = address.rpartition(":")
	return await asyncio.open_connection(host, int(port))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
	with contextlib.suppress(OSError):
		while block := await reader.read(BLOCK_BYTES):
			writer.write(block)
			await writer.drain()
	writer.close()


async def serve(listen: str, target: str) -> None:
	async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
		try:
			onward_reader, onward_writer = await connect(target)
		except OSError:
			writer.close()
			return
		await asyncio.gather(copy(reader, onward_writer), copy(onward_reader, writer))

	kind, _, address = listen.partition(":")
	if kind == "unix":
		server = await asyncio.start_unix_server(accept, address)
	else:
		host, _, port = address.rpartition(":")
		server = await asyncio.start_server(accept, host, int(port))
	async with server:
		await server.serve_forever()


async def main(pairs: list[str]) -> None:
	await asyncio.gather(*(serve(*pair.split("=", 1)) for pair in pairs))


if __name__ == "__main__":
	asyncio.run(main(sys.argv[1:]))
