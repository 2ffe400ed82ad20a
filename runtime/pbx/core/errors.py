"""What commands and services say when they cannot do what they were asked."""

UNREADABLE = "is the volume mounted? User asterisk must be allowed to read it"


class CommandError(Exception):
    """One line for the person at the keyboard: what is wrong and where, and what to do.

    Attributes:
        what: What is wrong, naming the file, value or program.
        hint: What to type or change; may be empty.
        status: Exit status of the command: 1 it failed, 2 it was typed wrong.
    """

    def __init__(self, what: str, hint: str = "", *, status: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.status = status

    def __str__(self) -> str:
        return f"{self.what}: {self.hint}" if self.hint else self.what


class OrderError(Exception):
    """A service cannot do what it was asked; the text says why, and what it can.

    Attributes:
        mistake: Whether what was typed is wrong.
    """

    def __init__(self, reason: str, *, mistake: bool = False) -> None:
        super().__init__(reason)
        self.mistake = mistake
