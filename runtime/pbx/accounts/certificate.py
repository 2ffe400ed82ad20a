"""Whether phones trust the certificate that SIP over TLS uses."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.sections import Configuration


@dataclass(frozen=True)
class Files:
    """Where the certificate, with those of its authorities, and its key are."""

    certificate: Path
    key: Path


def files_of(configuration: Configuration) -> Files | None:
    """Return the files of the first transport over TLS, or None where there is none."""
    for section in configuration.sections:
        if not section.template and section.get("protocol").lower() == "tls":
            certificate = section.get("cert_file")
            return Files(Path(certificate), Path(section.get("priv_key_file") or certificate))
    return None


def server_context(files: Files) -> ssl.SSLContext:
    """Return what a server needs to show the certificate.

    Raises:
        OSError: a file cannot be read, or is not what it should be.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_kept(files.certificate), _kept(files.key))
    return context


def _kept(path: Path) -> Path:
    """Return where a file is in a container that only runs this command, beside the PBX.

    The place that the configuration names is a link there which no start has made yet.
    """
    kept = Path(os.environ.get("DOCKER_PERSIST_DIR", "/srv"), str(path).lstrip("/"))
    return kept if kept.exists() and not path.exists() else path


def problem_for_phones(context: ssl.SSLContext, host: str, authorities: Path | None = None) -> str:
    """Return why phones would not trust the certificate, in OpenSSL's words; nothing if they do.

    It is found out as a phone does: by a handshake, though with nobody but oneself.

    Args:
        context: Of the server.
        host: Name or address that phones connect to.
        authorities: File of those that are trusted; None for those of the system, which are
            Mozilla's, as in phones and in Linphone.
    """
    phone = ssl.create_default_context(cafile=authorities)
    to_server, to_phone = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        phone.wrap_bio(to_phone, to_server, server_hostname=host),
        context.wrap_bio(to_server, to_phone, server_side=True),
    )
    try:
        for side in (*sides, sides[0]):  # hello, certificate, verdict
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    return ""
