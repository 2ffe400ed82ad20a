"""What can go wrong in the factory, said in one line with a hint on what to do."""


class FactoryError(Exception):
    """A failure that a person can act upon.

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
    """The command line or the environment asks for what does not exist."""

    status = 2


class CatalogError(FactoryError):
    """images.yaml or a component.yaml is wrong."""


class EngineError(FactoryError):
    """The container engine cannot be reached, or refused what was asked."""

    status = 3


class BuildError(FactoryError):
    """A step of the build failed."""

    status = 4


class BaseError(BuildError):
    """No base image of the distribution could be had."""


class ProofError(FactoryError):
    """A candidate did not pass the gate."""

    status = 5


class BudgetError(ProofError):
    """An image is larger than its budget."""


class RegistryError(FactoryError):
    """A registry cannot be reached, does not let us in, or does not keep what it was given."""

    status = 6


class PublishError(FactoryError):
    """What was to be pushed must not be, or did not arrive."""

    status = 6
