"""The commands `pbx config diff` and `pbx config upgrade`."""

import argparse


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands of this component."""
    config = commands.add_parser(
        "config",
        help="how does the configuration differ from the image's samples?",
        description="Compares the configuration in use with this image's samples.",
    )
    actions = config.add_subparsers(title="commands", required=True, metavar="COMMAND")
    diff = actions.add_parser(
        "diff",
        help="show the differences, file by file",
        description="Lists which files you changed, which the image changed since you started, "
        "which are new in it and which are only yours; then the lines. Passwords are not shown.",
        epilog="Exit status: 0 if there are no differences, 1 if there are, 2 if the command was "
        "typed wrong.",
    )
    diff.add_argument("files", nargs="*", metavar="FILE", help="only these, such as rtp.conf")
    diff.add_argument("--brief", action="store_true", help="only the list of files")
    diff.set_defaults(run=_diff)
    upgrade = actions.add_parser(
        "upgrade",
        help="take over what this image changed, keep what you changed",
        description="Merges the changes that this image made to the samples into the "
        "configuration in use. Files that both changed in the same lines are left as they are. "
        "Shows what it is going to do, and asks; without a terminal it does nothing but show.",
        epilog="Exit status: 0 if all is up to date, 1 if something was left to do, 2 if the "
        "command was typed wrong.",
    )
    upgrade.add_argument("--yes", action="store_true", help="do it without asking")
    upgrade.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="FILE",
        help="settle for your version of a file that both changed; repeatable",
    )
    upgrade.set_defaults(run=_upgrade)


def _diff(options: argparse.Namespace) -> int:
    from pbx.upgrade.compare import run  # noqa: PLC0415

    return run(options)


def _upgrade(options: argparse.Namespace) -> int:
    from pbx.upgrade.upgrade import run  # noqa: PLC0415

    return run(options)
