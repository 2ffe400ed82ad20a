"""Files that user asterisk can replace are read with that user's rights, whoever writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pbx.tls.digest import signature
from pbx.tls.given import Given
from pbx.tls.guarded import MAX_BYTES
from pbx.tls.paths import TlsPaths
from pbx.tls.sieve import Wanted
from pbx.tls.unprivileged import read_rest

from fixtures.traefik import Authority, acme_json, rewrite

HOST = "pbx.example"
ISSUED = Authority().issue(HOST)
WHOLE = acme_json({HOST: ISSUED})


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    return tmp_path / "acme.json"


def read(acme: Path, timeout: float = 0) -> Given:
    paths = TlsPaths(acme, None, None, acme.parent, acme.parent, acme.parent)
    return read_rest(Given(yours="/srv"), paths, Wanted(HOST), timeout)


@pytest.mark.parametrize("contents", [None, b"", b"\n"])
def test_unprivileged_missing_or_empty_file_is_normal(acme: Path, contents: bytes | None) -> None:
    if contents is not None:
        acme.write_bytes(contents)
    assert read(acme, 60) == Given()


def test_unprivileged_does_not_read_what_the_reader_has_read(acme: Path) -> None:
    rewrite(acme, WHOLE)
    paths = TlsPaths(acme, acme, acme, acme.parent, acme.parent, acme.parent)
    for given in (Given(), Given(problem="some"), Given(read=True)):
        assert read_rest(given, paths, Wanted(HOST), 0) == given


def test_unprivileged_reads_a_pair_of_the_user_without_the_rest(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(ISSUED.certificate)
    (tmp_path / "k").write_bytes(ISSUED.key)
    paths = TlsPaths(tmp_path / "a", tmp_path / "c", tmp_path / "k", tmp_path, tmp_path, tmp_path)
    found = read_rest(Given(problem="some", own_yours="/srv"), paths, Wanted(HOST), 0)
    assert found.own
    assert found.own.key == ISSUED.key
    assert found.problem == "some"


def test_unprivileged_waits_until_a_file_is_whole(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.write_bytes(WHOLE[:100])
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            acme.write_bytes(WHOLE)

    monkeypatch.setattr("time.sleep", sleep)
    assert read(acme, 60).contents.entries
    assert len(waits) == 3


def test_unprivileged_does_not_read_a_huge_file_to_its_end(acme: Path) -> None:
    with acme.open("wb") as file:
        file.truncate(MAX_BYTES * 1000)
    assert read(acme).problem == "it is larger than 8 MiB"


def test_unprivileged_explains_what_is_no_file(acme: Path) -> None:
    os.mkfifo(acme)
    assert read(acme).problem == "it is no file"
    acme.unlink()
    acme.mkdir()
    assert "the engine makes one if there is no file to mount" in read(acme).problem


def test_digest_signature_differs_after_every_change(acme: Path) -> None:
    seen = [signature(acme)]
    acme.write_bytes(WHOLE)
    seen.append(signature(acme))
    os.utime(acme, ns=(1, 1))
    seen.append(signature(acme))
    acme.chmod(0o640)
    os.utime(acme, ns=(1, 2))
    seen.append(signature(acme))
    other = acme.with_name("other")
    other.write_bytes(WHOLE)
    other.rename(acme)
    seen.append(signature(acme))
    assert seen[0] == []
    assert len({tuple(signature) for signature in seen}) == len(seen)
    assert signature(acme) == seen[-1]
