"""Commands ask services over a socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.core.control import Order, answer, serve
from pbx.core.control_client import NoServiceError, ask
from pbx.core.errors import OrderError


async def echo(words: Sequence[str]) -> dict[str, Any]:
    return {"words": list(words)}


async def refuse(words: Sequence[str]) -> dict[str, Any]:
    raise OrderError(f"not {' '.join(words)}", mistake=True)


ORDERS: dict[str, Order] = {"echo": echo, "refuse": refuse}


def asked(path: Path, *words: str) -> dict[str, Any]:
    """What a command is answered by a service of its own."""

    async def run() -> dict[str, Any]:
        server = await serve(ORDERS, path)
        async with server:
            return await asyncio.to_thread(ask, path, words)

    return asyncio.run(run())


def test_control_passes_words_on_as_they_are(tmp_path: Path) -> None:
    words = ["two words", "", "\n", "\N{GRINNING FACE}", '"']
    assert asked(tmp_path / "control", "echo", *words) == {"ok": True, "words": words}


def test_control_tells_what_cannot_be_done(tmp_path: Path) -> None:
    told = {"ok": False, "error": "not so", "mistake": True}
    assert asked(tmp_path / "control", "refuse", "so") == told
    told = {"ok": False, "error": "there is no 'sing'", "mistake": False}
    assert asked(tmp_path / "control", "sing") == told


def test_control_replaces_a_socket_that_was_left(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(NoServiceError, match="refused"):
        ask(path, ["echo"])
    assert asked(path, "echo")["ok"]


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_control_answers_nonsense(line: bytes) -> None:
    reply = asyncio.run(answer(ORDERS, line))
    assert reply["ok"] == ("error" not in reply)
