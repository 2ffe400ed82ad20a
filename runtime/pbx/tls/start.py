"""What happens with certificates when the container starts."""

import datetime
import os
import shutil
from pathlib import Path

from pbx.core.log import ALERT, ERROR, NOTICE, log


def main() -> int:
    """Makes a self-signed certificate where there is none; returns the exit status."""
    folder = Path(os.environ["DOCKER_AST_SSL_DIR"])
    certificate, key = folder / "cert.pem", folder / "priv_key.pem"
    if certificate.exists() and key.exists():
        return 0
    if certificate.exists() or key.exists():
        lone = certificate if certificate.exists() else key
        log(ERROR, f"{lone} is there without its counterpart: add that, or remove {lone.name}")
        return 1
    # Imported here, since it takes a while and most starts find a certificate.
    from pbx.tls import self_signed  # noqa: PLC0415

    try:
        settings = self_signed.Settings.of(os.environ)
    except self_signed.SettingError as error:
        log(ALERT, str(error))
        return 1
    now = datetime.datetime.now(datetime.UTC)
    try:
        certificate_pem, key_pem = self_signed.make_certificate(settings, now)
    except ValueError as error:
        log(ALERT, f"no certificate can be made for HOSTNAME '{settings.hostname}': {error}")
        return 1
    # Both are complete before either counts.
    complete = [(_write(key, key_pem), key), (_write(certificate, certificate_pem), certificate)]
    for partial, path in complete:
        partial.rename(path)
    log(NOTICE, f"made a self-signed certificate for {settings.hostname}, {settings.days} days")
    return 0


def _write(path: Path, pem: bytes) -> Path:
    """Writes a file for user asterisk alone, under a preliminary name; returns that."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    shutil.chown(partial, "asterisk", "asterisk")
    return partial
