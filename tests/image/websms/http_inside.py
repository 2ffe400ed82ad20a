"""Runs inside a container: sends bytes to port 80 there, and prints what comes back.

Its argument is JSON (by zlib, in base64): `requests` in base64, `source` address and the number of
`idle` connections to open before. The server closes a connection after each answer.
"""

import asyncio
import base64
import json
import sys
import time
import zlib
from typing import Any


async def exchange(request: bytes, source: str) -> tuple[str, float]:
    """Sends a request; returns the answer in base64, and the seconds until the end."""
    start = time.monotonic()
    received = b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", 80, local_addr=(source, 0))
        writer.write(request)
        async with asyncio.timeout(20):
            while data := await reader.read(65536):
                received += data
    except ConnectionError:
        pass  # what came until then counts
    return base64.b64encode(received).decode(), time.monotonic() - start


async def main(plan: dict[str, Any]) -> None:
    """Does what the plan says."""
    idle = [await asyncio.open_connection("127.0.0.1", 80) for _ in range(plan.get("idle", 0))]
    source = plan.get("source", "127.0.0.1")
    requests = [base64.b64decode(text) for text in plan["requests"]]
    results = await asyncio.gather(*(exchange(request, source) for request in requests))
    print(json.dumps(results))
    for _, writer in idle:
        writer.close()


asyncio.run(main(json.loads(zlib.decompress(base64.b64decode(sys.argv[1])))))
