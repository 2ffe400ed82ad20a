"""Secrets and the placeholders that stand for them in samples; pure.

Files are compared and merged with placeholders in them, so that the secrets that a first start made
are no differences, and stay what they are.
"""

import re
from collections.abc import Callable, Iterable, Mapping

PLACEHOLDER = re.compile(rb"@SECRET:([a-z0-9._-]*)@")
_RECORD = re.compile(rb"([a-z0-9._-]*) (\S{16,})")  # a shorter one could stand in any line


def parse_secrets(content: bytes) -> dict[bytes, bytes]:
    """Read which name became which secret; what is no such line is left out."""
    records = map(_RECORD.fullmatch, content.splitlines())
    return {record[1]: record[2] for record in records if record}


def format_secrets(secrets: Mapping[bytes, bytes]) -> bytes:
    """Return the text that parse_secrets reads."""
    return b"".join(b"%s %s\n" % record for record in secrets.items())


def hide(content: bytes, secrets: Mapping[bytes, bytes]) -> bytes:
    """Put placeholders in the place of secrets."""
    for name, secret in secrets.items():
        content = content.replace(secret, b"@SECRET:%s@" % name)
    return content


def fill(content: bytes, secrets: Mapping[bytes, bytes]) -> bytes:
    """Put secrets in the place of placeholders; a name without one stays."""
    return PLACEHOLDER.sub(lambda found: secrets.get(found[1], found[0]), content)


def complete(
    secrets: Mapping[bytes, bytes], contents: Iterable[bytes], make: Callable[[], bytes]
) -> dict[bytes, bytes]:
    """Return the secrets, with new ones for names in the contents that have none yet."""
    names = {name for content in contents for name in PLACEHOLDER.findall(content)}
    return {**secrets, **{name: make() for name in sorted(names - secrets.keys())}}
