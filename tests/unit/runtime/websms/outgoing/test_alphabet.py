"""The character sets of SMS."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.outgoing.alphabet import to_ucs2


@given(st.text())
def test_to_ucs2_replaces_only_characters_that_ucs2_does_not_have(text: str) -> None:
    replaced = to_ucs2(text)
    assert to_ucs2(replaced) == replaced
    assert len(replaced.encode("utf-16-le", "surrogatepass")) == 2 * len(text)
    assert all(new in (old, "\ufffd") for old, new in zip(text, replaced, strict=True))
