"""How the command talks to the service: a line of JSON each way over a socket in /run."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pbx.autoban.figures import as_json, as_lines, as_prometheus
from pbx.autoban.orders import SETS, OrderError, parse_order, split_sets
from pbx.autoban.places import TIMEOUT
from pbx.autoban.service import AutoBan

LONGEST = 64 * 1024


async def serve(autoban: AutoBan, path: Path) -> asyncio.Server:
    """Answers those who may open the socket: root and user asterisk."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                reply = answer(autoban, await reader.readline())
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass  # who asked has gone, took too long, or sent too much
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(meet, path, limit=LONGEST)
    path.chmod(0o600)
    return server


def answer(autoban: AutoBan, line: bytes) -> dict[str, Any]:
    """Returns the answer to a request: its words, as the command was given them."""
    try:
        verb, *words = _words(line)
        return {"ok": True, **_answer(autoban, verb, words)}
    except OrderError as error:
        return {"ok": False, "error": str(error)}


def _words(line: bytes) -> list[str]:
    try:
        words = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise OrderError("that was no request") from error
    if not isinstance(words, list) or not words or not all(isinstance(x, str) for x in words):
        raise OrderError("that was no request")
    return words


def _answer(autoban: AutoBan, verb: str, words: Sequence[str]) -> dict[str, Any]:
    if verb == "show":
        rows = [asdict(row) for row in autoban.rows(SETS)]
        return {"watching_only": autoban.reason, "rows": rows}
    if verb == "list":
        return {"rows": [asdict(row) for row in autoban.rows(split_sets(words))]}
    if verb == "stats":
        figures = autoban.figures()
        return {
            "figures": as_json(figures),
            "text": as_lines(figures),
            "prometheus": as_prometheus(figures),
        }
    if verb in ("add", "del"):
        return {"said": autoban.carry_out(parse_order(verb, words)).said}
    raise OrderError(f"there is no '{verb}'")
