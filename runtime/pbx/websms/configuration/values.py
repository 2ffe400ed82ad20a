"""The kinds of values in websms.conf; pure.

Each function reads a value, or raises a ValueError that says what to write.
"""

import ipaddress
import re
from collections.abc import Callable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Pair = tuple[str, str]

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,79}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,80}")
_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0", "")
_NUMFORMS = {"": "", "e164": "E164", "omit+": "E164", "e123": "E123"}


def key_name(text: str) -> str:
    """Read the name of a field."""
    if not text:
        raise ValueError("give the name of a field")
    return text


def one_of(*words: str) -> Callable[[str], str]:
    """Return a function that reads one of some words, in any case."""

    def read(text: str) -> str:
        for word in words:
            if text.lower() == word.lower():
                return word
        raise ValueError(f"give one of {', '.join(word for word in words if word)}")

    return read


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a function that reads a number within limits."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) < 12:
            number = int(text)
            if lowest <= number <= highest:
                return number
        raise ValueError(f"give a number from {lowest} to {highest}")

    return read


def flag(text: str) -> bool:
    """Read yes or no."""
    word = text.lower()
    if word not in _YES + _NO:
        raise ValueError("give yes or no")
    return word in _YES


def networks(text: str) -> tuple[Network, ...]:
    """Read addresses and networks, separated by commas or spaces."""
    found = []
    for word in text.replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError as error:
            raise ValueError(
                f"'{word}' is not an address or network (192.0.2.0/24, 2001:db8::/32)"
            ) from error
    return tuple(found)


def proxies(text: str) -> tuple[Network, ...] | None:
    """Read addresses and networks; None for the word `neighbours`."""
    return None if text.strip().lower() == "neighbours" else networks(text)


def served_paths(text: str) -> tuple[str, ...]:
    """Read paths, separated by commas."""
    paths = tuple(filter(None, (part.strip() for part in text.split(","))))
    for path in paths:
        if not path.startswith("/") or "?" in path or "#" in path:
            raise ValueError("paths begin with /, and do not contain ? or #")
    return paths


def header(text: str) -> str:
    """Read the name of a header, also as HTTP_X_FORWARDED_FOR; return it in lower case."""
    name = text.removeprefix("HTTP_").replace("_", "-")
    if not _HEADER.fullmatch(name):
        raise ValueError("give the name of a header, such as X-Forwarded-For")
    return name.lower()


def numform(text: str) -> str:
    """Read the format of telephone numbers: "", E164 or E123."""
    if text.lower() not in _NUMFORMS:
        raise ValueError("give E164 (without the +) or E123 (with it)")
    return _NUMFORMS[text.lower()]


def pair(text: str) -> Pair | None:
    """Read `key=value`; return None for an empty value."""
    if not text.strip():
        return None
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not key:
        raise ValueError("give key=value")
    return key, value


def pairs(text: str) -> tuple[Pair, ...]:
    """Read `key=value,key=value`."""
    return tuple(found for part in text.split(",") if (found := pair(part)))


def unicode_form(text: str) -> str:
    """Read "", UCS-2, or `key=value`."""
    if text.lower() in ("", "ucs-2"):
        return text.upper()
    if pair(text) is None or "=" not in text:
        raise ValueError("give UCS-2 or key=value")
    return text


def dialplan_name(text: str) -> str:
    """Read the name of a context."""
    if not _NAME.fullmatch(text):
        raise ValueError("the name of a context has only letters, digits and -_.")
    return text


def public_url(text: str) -> str:
    """Read the part before the path of the URL that a provider posts to."""
    if text and not re.fullmatch(r"https?://[^\s?#@]+", text):
        raise ValueError("give http:// or https:// and the host, as the provider has it")
    return text.rstrip("/")


def base_url(text: str) -> str:
    """Read scheme and host of a provider, and optionally the beginning of the path.

    The default scheme is https, since requests contain a password.
    """
    url = text if "://" in text else f"https://{text}"
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise ValueError("give https:// and the host, such as https://api.example.com")
    return url.rstrip("/")
