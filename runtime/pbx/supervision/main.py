"""The command `pbx`: finds what the components of this image add to it."""

import argparse
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pbx
from pbx.core.errors import CommandError
from pbx.core.rights import become_asterisk
from pbx.core.terminal import harmless


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="pbx",
        description="Looks after the PBX.",
        epilog="`pbx COMMAND --help` says more. Exit status: 0 well or done, 1 something was "
        "found or failed, 2 the command was typed wrong.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in _command_modules():
        module.add_commands(commands)
    options = parser.parse_args(arguments)
    try:
        if not getattr(options, "as_root", False):
            become_asterisk()
        status: int = options.run(options)
    except CommandError as error:
        print(f"pbx: {harmless(str(error))}", file=sys.stderr)
        return error.status
    except BrokenPipeError:
        # Whoever read has seen enough. What is still to be written has nowhere to go.
        sys.stderr.close()
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"pbx: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _command_modules() -> Iterator[Any]:
    """Import `command` of every component that has one."""
    for component in sorted(found.name for found in pkgutil.iter_modules(pbx.__path__)):
        name = f"pbx.{component}.command"
        if importlib.util.find_spec(name):
            yield importlib.import_module(name)
