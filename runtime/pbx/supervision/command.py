"""The command `pbx health`."""

import argparse


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command of this component."""
    health = commands.add_parser(
        "health",
        help="show the health of the PBX",
        description="Runs the container's health check and shows what it found.",
        epilog="Exit status: 0 if healthy, else 1.",
    )
    health.add_argument("--json", action="store_true", help="as JSON, for programs")
    health.set_defaults(run=_health, as_root=True)  # the checks give it up themselves


def _health(options: argparse.Namespace) -> int:
    from pbx.supervision.health import run  # noqa: PLC0415

    return run(options)
