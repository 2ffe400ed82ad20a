"""What nft prints about the table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.kernel.reading import Dropped, FloodSource, read_floods, read_table


def test_table_sets_are_counted_by_name() -> None:
    sizes = {"jail4": 2, "jail6": 1, "slow4": 4, "slow6": 1, "flood4": 3, "fresh4": 100}
    found = read_table(
        "table inet autoban {\n"
        + "".join(
            f"\tset {name} {{\n\t\ttype x\n\t\tsize 65536\t# count {number}\n\t}}\n"
            for name, number in sizes.items()
        )
        + "\tset slow7 {\n\t\ttype x\n\t}\n}\n"
    )
    assert (found.banned, found.slow, found.floods) == (3, 5, 3)


def test_floods_are_read_with_their_refused_connections() -> None:
    found = """{"nftables": [{"metainfo": {}}, {"set": {"name": "flood4", "type": "%s",
        "elem": [{"elem": {"val": "%s", "timeout": 600, "expires": 590,
        "counter": {"packets": 7, "bytes": 420}}}]}}]}"""
    four, six = ("ipv4_addr", "192.0.2.1"), ("ipv6_addr", "2001:db8::")
    assert read_floods(found % four) == [FloodSource("192.0.2.1", 590, 7)]
    assert read_floods(found % six) == [FloodSource("2001:db8::/64", 590, 7)]
    assert read_floods('{"nftables": [{"set": {"type": "ipv4_addr"}}]}') == []


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
