"""What an image has to show follows from the catalog, or from what it says that it serves."""

import pytest

from factory.build.engine import ImageInfo
from factory.plan.catalog import Catalog
from factory.proof.expectation import Expectation


def foreign(*ports: str) -> Expectation:
    return Expectation.of_foreign(ImageInfo("sha256:1", 1, (), "", "amd64", (), {}, ports))


def test_expectation_is_what_the_components_serve(catalog: Catalog) -> None:
    mini, full = Expectation.of(catalog, "mini"), Expectation.of(catalog, "full")
    assert (mini.transports, full.transports) == (("udp", "tcp"), ("udp", "tcp", "tls"))
    assert (set(mini.tcp_ports), set(full.tcp_ports)) == ({5060}, {80, 5060, 5061})
    assert mini.rtp_ports == full.rtp_ports == (10000, 10099)
    assert (mini.supervised, mini.encrypted) == (False, False)
    assert (full.supervised, full.encrypted) == (True, True)
    assert "asterisk" in full.services
    assert "app_dial.so" in mini.modules


def test_expectation_includes_that_of_the_parent(catalog: Catalog) -> None:
    for image in catalog.images:
        mine = Expectation.of(catalog, image)
        for below in catalog.lineage(image):
            theirs = Expectation.of(catalog, below)
            assert set(theirs.modules) <= set(mine.modules)
            assert set(theirs.services) <= set(mine.services)
            assert set(theirs.transports) <= set(mine.transports)
            assert mine.supervised >= theirs.supervised
            assert mine.encrypted >= theirs.encrypted


@pytest.mark.parametrize(
    ("ports", "transports", "encrypted"),
    [
        ((), ("udp",), False),
        (("80/tcp",), ("udp",), False),
        (("5060/tcp",), ("tcp",), False),
        (("5061/tcp", "5060/tcp", "5060/udp"), ("udp", "tcp", "tls"), True),
        (("5061/udp",), ("udp",), False),
    ],
)
def test_expectation_of_a_foreign_image_is_its_sip_ports(
    ports: tuple[str, ...], transports: tuple[str, ...], encrypted: bool
) -> None:
    expected = foreign(*ports)
    assert (expected.transports, expected.encrypted) == (transports, encrypted)


def test_expectation_of_a_foreign_image_has_nothing_else() -> None:
    expected = foreign("5060/udp", "5060/tcp", "8088/tcp", "10000/udp")
    assert expected.tcp_ports == (5060, 8088)
    assert expected.modules == expected.services == ()
    assert expected.supervised is False
    assert expected.rtp_ports == (1024, 65535)
