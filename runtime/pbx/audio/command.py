"""The command `pbx audio`."""

import argparse


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command of this component."""
    audio = commands.add_parser(
        "audio",
        help="makes the host's loudspeaker and microphone a phone",
        description="Switches the console's audio on or off, or says how it is. It uses the "
        "sound server of the host, whose socket is at PULSE_SERVER.",
        epilog="Exit status: 0 if it is done or on, 1 if it is off or failed.",
    )
    audio.add_argument("wanted", nargs="?", choices=["on", "off"], help="how it is to be")
    audio.set_defaults(run=_audio)


def _audio(options: argparse.Namespace) -> int:
    from pbx.audio.audio import show, switch_off, switch_on  # noqa: PLC0415

    return {"on": switch_on, "off": switch_off, None: show}[options.wanted]()
