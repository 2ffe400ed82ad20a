"""What nft prints about the table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.kernel.reading import Dropped, read_table

counters = st.dictionaries(
    st.sampled_from(["jailed", "slowed", "answers"]), st.tuples(st.integers(0), st.integers(0))
)


def table(values: dict[str, tuple[int, int]]) -> str:
    return "".join(
        f"\tcounter {name} {{\n\t\tpackets {packets} bytes {octets}\n\t}}\n"
        for name, (packets, octets) in sorted(values.items())
    )


@given(counters)
def test_table_counters_are_read_and_are_no_part_of_its_shape(
    values: dict[str, tuple[int, int]],
) -> None:
    found = read_table(table(values))
    assert found.dropped == {name: Dropped(*numbers) for name, numbers in values.items()}
    assert found.shape == read_table(table(dict.fromkeys(values, (0, 0)))).shape
