"""Runs nft's commands in this process, by libnftables."""

import socket
from collections.abc import Callable

from pbx.autoban.kernel import ruleset

_NETFILTER = 12  # NETLINK_NETFILTER of linux/netlink.h, which Python's socket has no name for


class FirewallError(Exception):
    """The kernel or libnftables refused; the text is the reason."""


def connect() -> Callable[[str], str]:
    """Return a function that runs commands of nft and returns what nft prints.

    Raises:
        FirewallError: the library is missing, or the kernel has no netfilter socket, as where
            QEMU emulates it. The library would end the process then (nft_mnl_socket_open).
    """
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER).close()
    except OSError as error:
        raise FirewallError(f"there is no way to the packet filter: {error.strerror}") from error
    try:
        from nftables import Nftables  # noqa: PLC0415 # costs memory where it is of no use

        nft = Nftables()
    except (ImportError, OSError) as error:
        raise FirewallError(f"nftables is not there: {error}") from error

    def run(commands: str) -> str:
        lists_elements = commands in ruleset.FLOODS  # all other sets may be large
        nft.set_terse_output(not lists_elements)
        nft.set_json_output(lists_elements)
        status, output, errors = nft.cmd(commands)
        if status:
            raise FirewallError(next(iter(errors.splitlines()), "nftables failed"))
        return str(output)

    return run
