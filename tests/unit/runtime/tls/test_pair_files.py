"""Files are whole at every moment, whoever pulls the plug."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from pbx.tls import pair_files
from pbx.tls.pair import Pair, read_pair
from pbx.tls.self_signed import CertificateSettings, make_certificate

NOW = datetime.datetime.now(datetime.UTC)


def made() -> Pair:
    return read_pair(*make_certificate(CertificateSettings("pbx.example", "ec256"), NOW))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_pair_files_are_for_asterisk_alone(tmp_path: Path) -> None:
    pair = made()
    pair_files.use(tmp_path, pair)
    assert files(tmp_path) == {"cert.pem": pair.certificate, "priv_key.pem": pair.key}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_pair_files_differ_in_whole_seconds_after_each_change(tmp_path: Path) -> None:
    """Asterisk may compare no more than that."""
    times = []
    for _ in range(3):
        pair_files.use(tmp_path, made())
        times.append([int((tmp_path / name).stat().st_mtime) for name in files(tmp_path)])
    assert times[0][0] < times[1][0] < times[2][0]
    assert times[0][1] < times[1][1] < times[2][1]


class PowerCutError(Exception):
    """Nothing more is done after that."""


@pytest.mark.parametrize("calls", range(12))
def test_pair_files_interrupted_at_any_moment_are_completed_or_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    before, after = made(), made()
    pair_files.use(tmp_path, before)
    left = calls

    def cut(name: str) -> None:
        original = getattr(os, name)

        def call(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise PowerCutError
            return original(*arguments, **options)

        change.setattr(os, name, call)

    with monkeypatch.context() as change:
        for name in ("open", "fsync", "rename", "utime"):
            cut(name)
        try:
            pair_files.use(tmp_path, after)
        except PowerCutError:
            pass
        else:
            assert calls > 8
    pair_files.finish(tmp_path)
    certificate, key = pair_files.in_use(tmp_path)
    assert certificate is not None
    assert key is not None
    assert (certificate, key) in [(p.certificate, p.key) for p in (before, after)]


def test_pair_files_are_not_completed_with_half_a_file(tmp_path: Path) -> None:
    before, after = made(), made()
    pair_files.use(tmp_path, before)
    (tmp_path / ".cert.pem.new").write_bytes(after.certificate[:100])
    (tmp_path / ".priv_key.pem.new").write_bytes(after.key)
    assert not pair_files.finish(tmp_path)
    assert pair_files.in_use(tmp_path) == (before.certificate, before.key)
    pair_files.use(tmp_path, after)
    assert files(tmp_path) == {"cert.pem": after.certificate, "priv_key.pem": after.key}


def test_pair_files_in_use_are_kept_once(tmp_path: Path) -> None:
    own = made()
    pair_files.use(tmp_path, own)
    kept = pair_files.keep(tmp_path, NOW)
    assert pair_files.keep(tmp_path, NOW + datetime.timedelta(days=1)) == kept
    pair_files.use(tmp_path, made())
    assert kept.read_bytes() == own.certificate
    key = kept.with_name(kept.name.replace("cert.pem", "priv_key.pem"))
    assert key.read_bytes() == own.key
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(files(tmp_path)) == 4


def test_pair_files_of_half_a_pair_are_kept_too(tmp_path: Path) -> None:
    (tmp_path / "priv_key.pem").write_bytes(b"mine")
    pair_files.keep(tmp_path, NOW)
    assert b"mine" in [data for name, data in files(tmp_path).items() if "kept" in name]


def test_pair_files_replace_a_link_and_do_not_follow_it(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"of somebody else")
    used = tmp_path / "used"
    used.mkdir()
    for name in ("cert.pem", "priv_key.pem", ".cert.pem.new", ".priv_key.pem.new"):
        (used / name).symlink_to(elsewhere)
    pair_files.use(used, made())
    assert elsewhere.read_bytes() == b"of somebody else"
    assert not any(path.is_symlink() for path in used.iterdir())
