"""The neighbours, as this machine's kernel reports them."""

from __future__ import annotations

import ipaddress

from pbx.websms.incoming.neighbourhood import Neighbourhood


def test_neighbourhood_of_this_machine_has_loopback() -> None:
    assert ipaddress.ip_address("127.0.0.1") in Neighbourhood().trusted()
