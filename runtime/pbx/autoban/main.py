"""The command autoban."""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from pbx.autoban.control.member import Member
from pbx.autoban.control.table import format_members
from pbx.autoban.control.verify import verify
from pbx.autoban.places import SOCKET
from pbx.core.control_client import NoServiceError
from pbx.core.control_client import ask as ask_service
from pbx.core.rights import become_asterisk

DONE, FAILED, USAGE = 0, 1, 64
ask = partial(ask_service, SOCKET)
HELP = """\
usage: autoban [show] [--json]              all sets with their addresses
       autoban list [SETS]                  only the addresses, one a line
       autoban add DSETS = SSETS ADDRS      adds addresses, and members of other sets, to sets
       autoban del DSETS = SSETS ADDRS      removes them from sets
       autoban stats [--json|--prometheus]  figures
       autoban verify                       shows that a ban really drops packets
       autoban help

SETS (also DSETS, SSETS) are one or more of watch, jail, parole, slow, whitelist, blacklist, or
all. Addresses in jail are banned. Those in slow are rate-limited, since they may be forged.
ADDRS are addresses, or all; whitelist and blacklist also take networks (192.0.2.0/24) and
ranges (192.0.2.1-192.0.2.9). Words are separated by spaces or commas.

       autoban del jail = 192.0.2.1         unbans an address
       autoban del slow = 192.0.2.1         removes its rate limit
       autoban del all = 192.0.2.1          removes it from all sets
       autoban del jail = all               unbans all addresses
       autoban add whitelist = 192.168.0.0/16
       autoban add blacklist = jail         bans all addresses in jail permanently
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] == "--json":
        words.insert(0, "show")
    if words[0] == "verify":  # makes a network namespace, for which it has to be root
        return verify(_ask_as_asterisk)
    become_asterisk()
    try:
        return _run(words[0], words[1:])
    except NoServiceError as error:
        return _fail(
            f"the service does not answer ({error}). Is it on? It needs autoban.conf in "
            "/etc/asterisk, with enabled = true; then `sv restart autoban`",
            FAILED,
        )
    except PermissionError:
        return _fail("only root and user asterisk may use it", FAILED)


def _run(verb: str, words: Sequence[str]) -> int:
    if verb in ("help", "-h", "--help"):
        print(HELP, end="")
        return DONE
    if verb in ("add", "del", "list"):
        return _change(verb, words)
    if verb == "show":
        return _show(words)
    if verb == "stats":
        return _stats(words)
    return _fail(f"there is no '{verb}'; `autoban help` lists all")


def _ask_as_asterisk(words: Sequence[str]) -> dict[str, Any]:
    """Ask through the command itself, which gives up root's rights to reach the service."""
    options = ["--json"] if words[0] == "show" else []
    done = subprocess.run(["autoban", *words, *options], stdout=subprocess.PIPE, check=False)
    if done.returncode and options:
        raise SystemExit(FAILED)  # it has printed why
    return dict(json.loads(done.stdout)) if options else {}


def _show(options: Sequence[str]) -> int:
    if unknown := [x for x in options if x != "--json"]:
        return _fail(f"show takes --json, not '{unknown[0]}'")
    reply = ask(["show"])
    reason = reply["watching_only"]
    if "--json" in options:
        print(json.dumps({"watching_only": reason, "members": reply["rows"]}, indent=1))
        return DONE
    if reason:
        print(f"watching only, nothing is dropped: {reason}")
    members = _members(reply)
    print(format_members(members) if members else "all sets are empty")
    return DONE


def _stats(options: Sequence[str]) -> int:
    if unknown := [x for x in options if x not in ("--json", "--prometheus")]:
        return _fail(f"stats takes --json or --prometheus, not '{unknown[0]}'")
    reply = ask(["stats"])
    if "--json" in options:
        print(json.dumps(reply["figures"], indent=1))
    elif "--prometheus" in options:
        print(reply["prometheus"], end="")
    else:
        print(reply["text"])
    return DONE


def _change(verb: str, words: Sequence[str]) -> int:
    reply = ask([verb, *words])
    if not reply["ok"]:
        return _fail(reply["error"])
    lines = [member.address for member in _members(reply)] if verb == "list" else reply["lines"]
    for line in lines:
        print(line)
    return DONE


def _members(reply: dict[str, Any]) -> list[Member]:
    return [Member(**row) for row in reply["rows"]]


def _fail(text: str, status: int = USAGE) -> int:
    print(f"autoban: {text}", file=sys.stderr)
    return status
