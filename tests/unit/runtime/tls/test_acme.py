"""acme.json of every version is read; nonsense is refused with a reason, and leads nowhere."""

from __future__ import annotations

import base64
import json
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pbx.tls.acme import AcmeContents, AcmeEntry, AcmeError, parse
from pbx.tls.guarded import MAX_BYTES

from fixtures.traefik import Issued, acme_json, acme_json_of_version_1

ISSUED = Issued(b"-- certificate and chain --", b"-- key --")
NAMES = st.sampled_from(["Certificates", "domain", "main", "key", "certificate", "", "other"])
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


def document(domain: str, **changed: Any) -> bytes:
    entry = {"domain": {"main": domain}, "certificate": "QQ==", "key": "QQ==", **changed}
    return json.dumps({"le": {"Certificates": [entry]}}).encode()


def domains(contents: AcmeContents) -> list[str]:
    return [entry.domain for entry in contents.entries]


@pytest.mark.parametrize("change", [bytes.lower, bytes.upper], ids=["lower", "upper"])
@pytest.mark.parametrize("write", [acme_json, acme_json_of_version_1])
def test_acme_field_names_are_read_in_either_case(write: Any, change: Any) -> None:
    fields = (b"Account", b"Certificates", b"certificate", b"domain", b"main", b"key")
    text = write({"pbx.example": ISSUED})
    for name in (*fields, *(name.title() for name in fields)):
        text = text.replace(b'"%s":' % name, b'"%s":' % change(name))
    assert domains(parse(text)) == ["pbx.example"]


def test_acme_file_may_have_several_resolvers() -> None:
    one = json.loads(acme_json({"a.example": ISSUED}, "one"))
    two = json.loads(acme_json(None, "two"))
    three = json.loads(acme_json({"b.example": ISSUED}, "Certificates"))
    contents = parse(json.dumps(one | two | three).encode())
    assert domains(contents) == ["a.example", "b.example"]


@pytest.mark.parametrize("text", [b"{}", b"null", acme_json(None), b'{"Certificates": null}'])
def test_acme_file_before_the_first_certificate_is_empty(text: bytes) -> None:
    assert parse(text) == AcmeContents()


@pytest.mark.parametrize("write", [acme_json, acme_json_of_version_1])
def test_acme_file_cut_off_anywhere_is_refused(write: Any) -> None:
    text = write({"pbx.example": ISSUED})
    for length in range(len(text)):
        with pytest.raises(AcmeError, match="it is not JSON"):
            parse(text[:length])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b" " * (MAX_BYTES + 1), "it is larger than 8 MiB"),
        (b"[" * 1_000_000, "it is not JSON (RecursionError)"),
        (b"\xff\xfe\xfa", "it is not JSON (UnicodeDecodeError)"),
        (b"9" * 5000, "it is not JSON (ValueError)"),
        (b"[]", "it is JSON, but not of Traefik"),
        (b'"text"', "it is JSON, but not of Traefik"),
    ],
)
def test_acme_file_of_another_kind_is_refused_with_a_reason(text: bytes, reason: str) -> None:
    with pytest.raises(AcmeError) as caught:
        parse(text)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "domain",
    ["../../etc/passwd", "", "a\x00b", "a b", "-rf", "x" * 64, "*.*.example", "büro.example"],
)
def test_acme_entry_of_no_domain_is_left_out(domain: str) -> None:
    contents = parse(document(domain))
    assert contents.entries == ()
    assert len(contents.warnings) == 1
    assert contents.warnings[0].isprintable()
    assert len(contents.warnings[0]) < 150


@pytest.mark.parametrize(
    "domain", ["example", "a.b-c.example", "*.example", "_x.example", "192.0.2.1", "2001:db8::1"]
)
def test_acme_entry_of_a_domain_is_accepted(domain: str) -> None:
    assert domains(parse(document(domain))) == [domain]


@given(st.text(st.characters(codec="utf-8")))
@example("\x85")
@example("A" * 300)
def test_acme_domain_never_leads_out_of_its_folder(domain: str) -> None:
    for entry in parse(document(domain)).entries:
        path = PurePosixPath("/certs", f"{entry.domain}.crt")
        assert path.parent == PurePosixPath("/certs")
        assert len(f"{path.name}.new".encode()) <= 255


@pytest.mark.parametrize("name", ["certificate", "key"])
@pytest.mark.parametrize("value", [None, "", 7, "not base64!", "QQ", []])
def test_acme_entry_without_one_half_is_left_out_and_named(name: str, value: object) -> None:
    contents = parse(document("pbx.example", **{name: value}))
    assert contents.entries == ()
    assert contents.warnings == (f"'le', certificate 1: pbx.example has no {name} in base64",)


def test_acme_entry_that_is_wrong_does_not_affect_the_others() -> None:
    text = json.loads(acme_json({"a.example": ISSUED, "b.example": ISSUED}))
    text["letsencrypt"]["Certificates"].insert(1, "nonsense")
    contents = parse(json.dumps(text).encode())
    assert domains(contents) == ["a.example", "b.example"]
    assert contents.warnings == ("'letsencrypt', certificate 2: is no object",)


@given(json_values)
def test_acme_file_of_json_is_refused_unless_it_is_an_object(value: object) -> None:
    text = json.dumps(value).encode()
    if isinstance(value, dict | None):
        contents = parse(text)
        assert all(warning.isprintable() for warning in contents.warnings)
    else:
        with pytest.raises(AcmeError, match="not of Traefik"):
            parse(text)


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_acme_entries_are_read_as_they_were_written(certificate: bytes, key: bytes) -> None:
    encoded = [base64.b64encode(data).decode() for data in (certificate, key)]
    contents = parse(document("pbx.example", certificate=encoded[0], key=encoded[1]))
    assert contents.entries == (AcmeEntry("pbx.example", certificate, key),)
