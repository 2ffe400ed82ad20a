"""The fields of a request: query, form or JSON; pure.

Values stay the text they are: numbers in JSON, too, which are taken digit by digit. A name may be a
path with dots: `data.payload.to.0.phone_number` goes into nested JSON, `result.text` into a form's
field `result` that holds JSON. A field that really is called so comes first.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from pbx.websms.checks import RefusedError

MOST_FIELDS = 100
_FORM = "application/x-www-form-urlencoded"
_UTF_8 = ("", "utf-8", "utf8", "us-ascii")


class Fields:
    """The fields of a request."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = (), document: Any = None) -> None:
        self._pairs = pairs
        self._document = document

    def get(self, name: str) -> str | None:
        """Return a value; None if it is not there.

        Raises:
            RefusedError: it is there more than once, or is no text.
        """
        if self._document is not None:
            return _text(name, _find(self._document, name))
        values = [value for key, value in self._pairs if key == name]
        if len(values) > 1:
            raise RefusedError(f"{_shown(name)} is there more than once")
        if values:
            return values[0]
        head, dot, rest = name.partition(".")
        inner = self.get(head) if dot else None
        return None if inner is None else _text(name, _find(_load(inner, head), rest))

    def need(self, name: str) -> str:
        """Return a value.

        Raises:
            RefusedError: it is not there, or as for get.
        """
        value = self.get(name)
        if value is None:
            raise RefusedError(f"there is no {_shown(name)}")
        return value

    def flat(self) -> Mapping[str, str]:
        """Return the fields without what is nested; of several with one name the last."""
        if isinstance(self._document, dict):
            return {k: str(v) for k, v in self._document.items() if isinstance(v, str)}
        return dict(self._pairs)


def read_query(query: str) -> Fields:
    """Read what follows the `?` of an address.

    Raises:
        RefusedError: it is no query in UTF-8.
    """
    return Fields(_pairs(query))


def read_content(content_type: str, body: bytes) -> Fields:
    """Read the body of a request.

    Args:
        content_type: The header; a form is meant if it is empty.
        body: What came.

    Raises:
        RefusedError: it is neither a form nor JSON, or not in UTF-8.
    """
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if _charset(parameters) not in _UTF_8:
        raise RefusedError("send it in UTF-8")
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
        raise RefusedError(f"{_shown(what)} is JSON, but no object")
    return document


def _find(document: Any, path: str) -> Any:
    """Follows a path; a name with dots in it comes before the same taken for a path."""
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
    raise RefusedError(f"{_shown(name)} is no text")


def _shown(name: str) -> str:
    return name if name.isprintable() else "a field"
