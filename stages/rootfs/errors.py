"""The one error of this package."""


class RootfsError(Exception):
    """What is wrong and where, and what to do about it; read as one line."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}: {remedy}")
