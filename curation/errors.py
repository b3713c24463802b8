"""What can go wrong, by who can put it right.

A `CurationError` is somebody's declaration or data: the CLI prints its one line and exits 2.
Everything else is a bug of ours and keeps its traceback (exit 1).
"""


class CurationError(Exception):
    """Every error this package raises on purpose."""


class DeclarationError(CurationError):
    """A source, recipe, profile or command says something wrong. Its author can mend it."""


class UnknownError(DeclarationError):
    """A name that is not there; the line says which are."""


class DataError(CurationError):
    """The data is not what its declaration promised. The source's steward decides."""


class BusyError(CurationError):
    """Another run holds the workspace. Wait for it, or stop it."""


class ReviewError(CurationError):
    """A release waits for a reviewer's decision."""


class RightsError(CurationError):
    """Rights, level, dispute or withdrawal forbid this use. Its steward, or a decision, can change that."""


class ContractError(AssertionError):
    """A room or a step broke its promise. That is a bug of ours."""
