"""What Asterisk's console answers about its audio, taken apart; pure."""

MODULE = "chan_console.so"


def is_running(modules: str) -> bool:
    """Whether the console channel is loaded.

    Args:
        modules: The answer to `module show like chan_console`.
    """
    lines = [line for line in modules.splitlines() if line.startswith(MODULE)]
    return any(" Running " in line and " Not Running " not in line for line in lines)


def has_microphone(available: str) -> bool:
    """Whether a microphone can be opened; what plays is a pipe, and is always there.

    Args:
        available: The answer to `console list available`.
    """
    return "Default Input Device" in available


def channels(concise: str) -> list[str]:
    """Return the channels of the console, which are its calls.

    Args:
        concise: The answer to `core show channels concise`.
    """
    names = (line.partition("!")[0] for line in concise.splitlines())
    return [name for name in names if name.startswith("Console/")]
