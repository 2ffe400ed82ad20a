"""Fields of forms, queries and JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.incoming.checks import RefusedError
from pbx.websms.incoming.fields import Fields, read_content, read_query

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="."), min_size=1)
TEXTS = st.text(st.characters(codec="utf-8"))
DOCUMENTS = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
).filter(lambda document: not isinstance(document, str))


def read_json(document: Any) -> Fields:
    return read_content(JSON, json.dumps(document).encode())


def leaves(document: Any, path: str = "") -> dict[str, str]:
    """The paths of all strings in a document."""
    if isinstance(document, str):
        return {path: document}
    items = document.items() if isinstance(document, dict) else enumerate(document)
    return {
        name: leaf
        for key, inner in items
        for name, leaf in leaves(inner, f"{path}.{key}" if path else str(key)).items()
    }


@given(st.dictionaries(TEXTS, TEXTS, max_size=9))
def test_fields_of_a_form_and_a_query_are_those_that_were_written(fields: dict[str, str]) -> None:
    form = urlencode(fields)
    for found in (read_content(FORM, form.encode()), read_query(form)):
        assert found.flat() == fields
        assert {name: found.get(name) for name in fields} == fields


@given(DOCUMENTS)
def test_fields_path_leads_to_each_string_of_a_document(document: Any) -> None:
    found = read_json(document)
    in_form = read_content(FORM, urlencode({"result": json.dumps(document)}).encode())
    for path, leaf in leaves(document).items():
        assert found.get(path) == leaf
        assert in_form.get(f"result.{path}") == leaf


@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
)
def test_fields_read_numbers_in_json_digit_by_digit(number: str) -> None:
    assert read_content(JSON, f'{{"a": [{number}]}}'.encode()).get("a.0") == number


def test_fields_need_refuses_a_missing_field() -> None:
    with pytest.raises(RefusedError, match=r"^result\.to is missing$"):
        read_content(FORM, b"event=SMS").need("result.to")


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"To=1&To=2", FORM, "To occurs more than once"),
        (b"\xff\xfe", JSON, "it is not in UTF-8"),
        (b"{", JSON, "the body is not JSON"),
        (b'"To"', JSON, "the body is JSON, but not an object"),
        (b'{"To": {"a": 1}}', JSON, "To is not a string"),
        (b'{"To": true}', JSON, "To is not a string"),
        (b'{"To": null}', JSON, "To is missing"),
        (b"", FORM, "To is missing"),
        (b"{}", "text/plain", "send application/x-www-form-urlencoded or application/json"),
        (b"To=1", f"{FORM}; charset=ISO-8859-1", "use UTF-8"),
        (b"&".join(b"a=%d" % n for n in range(101)), FORM, "it has more than 100 fields"),
    ],
)
def test_fields_refusals_have_a_reason(body: bytes, kind: str, reason: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_content(kind, body).need("To")
    assert str(caught.value).startswith(reason)
