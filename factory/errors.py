"""What can go wrong in the factory, said in one line with a hint on what to do."""


class FactoryError(Exception):
    """A failure that a person can act upon.

    Args:
        cause: What happened and where, in one line.
        hint: What to do about it, in one line; may be empty.
    """

    def __init__(self, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.hint = hint


class CatalogError(FactoryError):
    """images.yaml or a component.yaml is wrong."""


class EngineError(FactoryError):
    """The container engine cannot be reached, or refused what was asked."""


class BaseError(FactoryError):
    """No base image of the distribution could be had."""


class BuildError(FactoryError):
    """A step of the build failed."""


class BudgetError(FactoryError):
    """An image is larger than its budget."""


class ProofError(FactoryError):
    """A candidate did not pass the gate."""


class RegistryError(FactoryError):
    """A registry cannot be reached, does not let us in, or does not keep what it was given."""


class PublishError(FactoryError):
    """What was to be pushed must not be, or did not arrive."""
