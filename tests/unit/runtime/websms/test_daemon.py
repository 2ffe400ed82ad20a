"""The program of the service: how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from pbx.core.async_store import AsyncStore
from pbx.websms.configuration.reader import read_settings
from pbx.websms.daemon import serve
from pbx.websms.gateway import Gateway
from pbx.websms.incoming import inbox
from pbx.websms.outgoing import outbox


def test_daemon_ends_with_one_line_if_its_database_gets_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "websms.db"
    store = AsyncStore(path, [inbox.SCHEMA + outbox.SCHEMA], print)
    store.open()
    assert store._store.scrub()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    store._store._connection.execute("PRAGMA cache_size = 0")
    store._store._connection.execute("PRAGMA shrink_memory")
    gateway = Gateway(read_settings("", {}), store, None, tmp_path / "control", print)
    assert serve(gateway) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert f"ends, to set its database aside at the next start: {path} is damaged" in line
