"""What can go wrong: a class per cause, each with a code in kebab case and one line that says what,
where, what to do.
"""

from __future__ import annotations

from typing import ClassVar


def message_of(error: BaseException, limit: int = 300) -> str:
    """What a library raised, on one line of at most `limit` characters."""
    return " ".join(str(error).split())[:limit]


def named(error: BaseException) -> str:
    """What a library raised and what it calls that, on one line."""
    return f"{type(error).__name__}: {message_of(error)}"


class BridgeError(Exception):
    """A failure that a person or the page is told about in one line."""

    code: ClassVar[str] = "bridge-error"


class FormatError(BridgeError):
    """A file or message that is not what it should be."""

    code = "bad-format"


class UsageError(BridgeError):
    """Wrong use of a command."""

    code = "wrong-use"


class MissingLibraryError(BridgeError):
    """A library that an op needs is not installed, or cannot be loaded."""

    code = "missing-library"


class MissingDeviceError(BridgeError):
    """A device that this machine lacks, or that the installed libraries cannot use."""

    code = "missing-device"


class NotImplementedOpError(BridgeError):
    """An op of the vocabulary that no backend here computes with these parameters."""

    code = "not-implemented"


class ComputeError(BridgeError):
    """A library refused the inputs or failed on them."""

    code = "library-failed"
