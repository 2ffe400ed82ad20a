"""The command `pbx audio`."""

import argparse
import os
from pathlib import Path

from pbx.core.rights import become_asterisk, is_root


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command of this component."""
    audio = commands.add_parser(
        "audio",
        help="makes the host's loudspeaker and microphone a phone",
        description="Switches the console's audio on or off, or says how it is. It uses the "
        "sound server of the host, whose socket is at PULSE_SERVER.",
        epilog="Exit status: 0 if it is done or on, 1 if it is off or failed.",
    )
    audio.add_argument("wanted", nargs="?", choices=["on", "off"], help="how it is to be")
    audio.set_defaults(run=_audio, as_root=True)  # it begins by sharing the host's cookie


def _audio(options: argparse.Namespace) -> int:
    from pbx.audio.audio import show, switch_off, switch_on  # noqa: PLC0415
    from pbx.audio.host import share_cookie  # noqa: PLC0415

    if options.wanted == "on" and is_root():
        share_cookie(Path(os.environ.get("PULSE_COOKIE", "")))
    become_asterisk()
    return {"on": switch_on, "off": switch_off, None: show}[options.wanted]()
