"""Errors of the factory: each has a cause and a hint, in one line."""


class FactoryError(Exception):
    """A failure with advice for the user.

    Attributes:
        status: The exit status of build.py for this kind of failure.

    Args:
        cause: What happened and where, in one line.
        hint: What to do about it, in one line; may be empty.
    """

    status = 1

    def __init__(self, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.hint = hint


class UsageError(FactoryError):
    """The command line or the environment is wrong."""

    status = 2


class CatalogError(FactoryError):
    """images.yaml or a component.yaml is wrong."""


class EngineError(FactoryError):
    """The container engine cannot be reached, or refused a request."""

    status = 3


class BuildError(FactoryError):
    """A step of the build failed."""

    status = 4


class BaseError(BuildError):
    """No base image of the distribution is available."""


class ProofError(FactoryError):
    """A candidate did not pass the gate."""

    status = 5


class BudgetError(ProofError):
    """An image is larger than its budget."""


class RegistryError(FactoryError):
    """A registry cannot be reached, refuses the login, or answers wrongly."""

    status = 6


class PublishError(FactoryError):
    """A push is not allowed, or failed."""

    status = 6
