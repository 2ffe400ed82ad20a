"""The certificate in use, on disk; each file is whole at every moment."""

import datetime
import os
from pathlib import Path

from pbx.asterisk.files import read_regular
from pbx.core.durable import partial_of, replace, sync_folder, write_new
from pbx.tls.pair import Pair, PairError, read_pair

CERTIFICATE, KEY = "cert.pem", "priv_key.pem"
SECOND = 10**9


def in_use(folder: Path) -> tuple[bytes | None, bytes | None]:
    """Return certificate and key that Asterisk is told to use, None for what is not there."""
    return contents(folder / CERTIFICATE), contents(folder / KEY)


def use(folder: Path, pair: Pair) -> None:
    """Put a pair in the place of what is in use.

    Both files are complete before either counts. The key goes first: were this interrupted between
    the two, finish() would find the certificate that belongs to it.
    """
    complete = {folder / KEY: pair.key, folder / CERTIFICATE: pair.certificate}
    for path, data in complete.items():
        write_new(partial_of(path), data)
    for path in complete:
        _make_newer(partial_of(path), path)
        partial_of(path).rename(path)
    sync_folder(folder)


def finish(folder: Path) -> bool:
    """Complete what use() was interrupted in; say whether there was anything to complete."""
    key, new = contents(folder / KEY), partial_of(folder / CERTIFICATE)
    certificate = contents(new)
    if certificate is not None and key is not None:
        try:
            read_pair(certificate, key)
        except PairError:
            pass  # it was interrupted before that: what is in use still is whole
        else:
            new.rename(folder / CERTIFICATE)
            sync_folder(folder)
            return True
    return False


def keep(folder: Path, now: datetime.datetime) -> Path:
    """Copy what is in use to another name; return that of the certificate."""
    certificate, key = in_use(folder)
    for kept in folder.glob(f"kept-*-{CERTIFICATE}"):
        if contents(kept) == certificate:
            return kept
    prefix = f"kept-{now:%Y%m%d-%H%M%S}-"
    # The certificate is what the search above looks for, so it comes last.
    for name, data in ((KEY, key), (CERTIFICATE, certificate)):
        if data is not None:
            replace(folder / f"{prefix}{name}", data)
    return folder / f"{prefix}{CERTIFICATE}"


def contents(path: Path) -> bytes | None:
    """Return what is in a file, None if there is none.

    Raises:
        OSError: it cannot be read, or is something else than a file.
    """
    try:
        return read_regular(path)
    except FileNotFoundError:
        return None


def _make_newer(new: Path, old: Path) -> None:
    """Sees to it that the time of a file differs from its predecessor's, also in whole seconds.

    That is how Asterisk finds out that there is something to reload.
    """
    if old.exists():
        before, now = old.stat().st_mtime_ns, new.stat().st_mtime_ns
        if now // SECOND <= before // SECOND:
            os.utime(new, ns=(now, before + SECOND))
