"""The fields of a request: query, form or JSON; pure.

Values are strings. Numbers in JSON are read as they are written, digit by digit. A name may be a
path with dots: `data.payload.to.0.phone_number` leads into nested JSON, `result.text` into JSON in
the field `result` of a form. A field whose own name has these dots is found first.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from pbx.websms.incoming.checks import RefusedError

MOST_FIELDS = 100
_FORM = "application/x-www-form-urlencoded"
_UTF_8 = ("", "utf-8", "utf8", "us-ascii")


class Fields:
    """The fields of a request."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = (), document: Any = None) -> None:
        self._pairs = pairs
        self._document = document

    def get(self, name: str) -> str | None:
        """Return the value of a field; None if it is missing.

        Raises:
            RefusedError: it occurs more than once, or is not a string.
        """
        if self._document is not None:
            return _text(name, _find(self._document, name))
        values = [value for key, value in self._pairs if key == name]
        if len(values) > 1:
            raise RefusedError(f"{_shown(name)} occurs more than once")
        if values:
            return values[0]
        head, dot, rest = name.partition(".")
        inner = self.get(head) if dot else None
        return None if inner is None else _text(name, _find(_load(inner, head), rest))

    def need(self, name: str) -> str:
        """Return the value of a field.

        Raises:
            RefusedError: it is missing, or as for get.
        """
        value = self.get(name)
        if value is None:
            raise RefusedError(f"{_shown(name)} is missing")
        return value

    def flat(self) -> Mapping[str, str]:
        """Return the fields that are not nested; of several with the same name, the last."""
        if isinstance(self._document, dict):
            return {k: str(v) for k, v in self._document.items() if isinstance(v, str)}
        return dict(self._pairs)


def read_query(query: str) -> Fields:
    """Read the query of a URL.

    Raises:
        RefusedError: it is not in UTF-8, or has too many fields.
    """
    return Fields(_pairs(query))


def read_content(content_type: str, body: bytes) -> Fields:
    """Read the body of a request.

    Args:
        content_type: The header; if it is empty, the body is read as a form.
        body: The bytes.

    Raises:
        RefusedError: it is neither a form nor JSON, or not in UTF-8.
    """
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if _charset(parameters) not in _UTF_8:
        raise RefusedError("use UTF-8")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise RefusedError("it is not in UTF-8") from error
    if kind in ("", _FORM):
        return Fields(_pairs(text))
    if kind == "application/json" or kind.endswith("+json"):
        return Fields(document=_load(text, "the body"))
    raise RefusedError(f"send {_FORM} or application/json")


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError as error:
        raise RefusedError("it is not in UTF-8") from error
    except ValueError as error:
        raise RefusedError(f"it has more than {MOST_FIELDS} fields") from error


def _load(text: str, what: str) -> Any:
    try:
        document = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{_shown(what)} is not JSON") from error
    if not isinstance(document, dict | list):
        raise RefusedError(f"{_shown(what)} is JSON, but not an object")
    return document


def _find(document: Any, path: str) -> Any:
    """Follow a path; a name that contains dots is found before a path."""
    if isinstance(document, dict):
        if path in document:
            return document[path]
        head, dot, rest = path.partition(".")
        return _find(document[head], rest) if dot and head in document else None
    if isinstance(document, list):
        head, dot, rest = path.partition(".")
        if not (head.isascii() and head.isdecimal()) or int(head[:6]) >= len(document):
            return None
        inner = document[int(head[:6])]
        return _find(inner, rest) if dot else inner
    return None


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise RefusedError(f"{_shown(name)} is not a string")


def _shown(name: str) -> str:
    return name if name.isprintable() else "a field"
