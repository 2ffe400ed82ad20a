"""Of ACME_FILE, only what fits the host goes on; and all that goes on arrives as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.tls.acme import AcmeContents, AcmeEntry
from pbx.tls.given import Given, decode, encode
from pbx.tls.sieve import Found, Wanted, sift

from fixtures.traefik import Authority, Issued, acme_json

HOST = "pbx.example.com"
AUTHORITY = Authority()
POOL = {
    name: AUTHORITY.issue(name)
    for name in (HOST, "*.example.com", "example.com", "shop.example.com", "*.example.net")
}
FITTING = {HOST, "*.example.com", "example.com"}
NOTHING = Found()

text, data = st.text(), st.binary()
entries = st.builds(AcmeEntry, text, data, data)
strings = st.lists(text).map(tuple)


@given(
    st.builds(
        Given,
        st.builds(AcmeContents, st.lists(entries).map(tuple), strings),
        strings,
        text,
        st.booleans(),
        text,
        st.none() | entries,
        text,
        text,
    )
)
def test_given_is_decoded_as_it_was_encoded(passed: Given) -> None:
    assert decode(encode(passed)) == passed


@given(st.data())
def test_given_cut_short_is_refused(data: st.DataObject) -> None:
    frame = encode(Given(problem="some"))
    length = data.draw(st.integers(0, len(frame) - 1))
    with pytest.raises(ValueError, match="interrupted"):
        decode(frame[:length])


@given(st.sets(st.sampled_from(sorted(POOL))))
def test_sieve_passes_on_only_what_fits_the_host(names: set[str]) -> None:
    file = acme_json({name: POOL[name] for name in sorted(names)})
    passed, whole = sift(Found(file), NOTHING, NOTHING, Wanted(HOST))
    assert whole
    assert passed.read
    assert {entry.domain for entry in passed.contents.entries} == names & FITTING
    assert set(passed.others) == names - FITTING
    frame = encode(passed)
    for name in names - FITTING:
        assert POOL[name].key.splitlines()[1] not in frame
    everything, _ = sift(Found(file), NOTHING, NOTHING, Wanted(HOST, everything=True))
    assert {entry.domain for entry in everything.contents.entries} == names


def test_sieve_counts_a_certificate_by_its_own_names() -> None:
    """What Traefik writes beside it is not what a phone looks at."""
    file = acme_json({HOST: POOL["*.example.net"], "other.example": POOL[HOST]})
    passed, _ = sift(Found(file), NOTHING, NOTHING, Wanted(HOST))
    assert [entry.domain for entry in passed.contents.entries] == ["other.example"]


def test_sieve_holds_back_a_key_that_does_not_belong() -> None:
    crossed = Issued(POOL[HOST].certificate, POOL["example.com"].key)
    passed, whole = sift(Found(acme_json({HOST: crossed})), NOTHING, NOTHING, Wanted(HOST))
    assert whole
    assert passed.contents.entries == ()
    assert "do not belong together" in passed.contents.warnings[0]


def test_sieve_tells_half_a_file_from_a_whole_one() -> None:
    file = acme_json({HOST: POOL[HOST]})
    passed, whole = sift(Found(file[:-9]), NOTHING, NOTHING, Wanted(HOST))
    assert not whole
    assert not passed.read
    assert passed.problem.startswith("it is not JSON")


def test_sieve_tells_half_of_a_renewed_pair_from_a_whole_one() -> None:
    old, new = POOL[HOST], AUTHORITY.issue(HOST)
    passed, whole = sift(NOTHING, Found(new.certificate), Found(old.key), Wanted(HOST))
    assert not whole
    assert passed.own is None
    assert "do not belong together" in passed.own_problem
    passed, whole = sift(NOTHING, Found(new.certificate), Found(new.key), Wanted(HOST))
    assert whole
    assert passed.own
    assert (passed.own.certificate, passed.own.key) == (new.certificate, new.key)


@pytest.mark.parametrize(
    ("certificate", "key", "problem"),
    [
        (Found(b"x"), NOTHING, "one is there without the other"),
        (NOTHING, Found(b"x"), "one is there without the other"),
        (Found(problem="it is a folder"), Found(b"x"), "it is a folder"),
        (Found(b"x"), Found(yours="/srv"), ""),
        (NOTHING, NOTHING, ""),
    ],
)
def test_sieve_reports_a_useless_pair_of_the_user(
    certificate: Found, key: Found, problem: str
) -> None:
    passed, _ = sift(NOTHING, certificate, key, Wanted(HOST))
    assert (passed.own, passed.own_problem) == (None, problem)


@pytest.mark.parametrize(
    ("setting", "everything"), [("", False), ("host", False), ("all", True), ("ALL", True)]
)
def test_sieve_reads_what_is_wanted_from_the_environment(setting: str, everything: bool) -> None:
    environment = {"HOSTNAME": HOST, "ACME_KEEP": setting}
    assert Wanted.of(environment) == Wanted(HOST, everything)
