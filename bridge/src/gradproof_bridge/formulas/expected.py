"""What a formula expects of an output, and how a stored value is judged by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.formulas.bounded import F64, Bounded

if TYPE_CHECKING:
    from collections.abc import Callable

Mask = np.ndarray[Any, np.dtype[np.bool_]]
_EXACT = np.dtype(np.float64)
_HALVES = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))
_LARGEST = float(np.finfo(np.float32).max)
_TENTH_OFF = 1.1
_ENOUGH = 0.95
"""Under this share of noticed errors a bound is loose, as in the page's replay."""


@dataclass(frozen=True)
class Deviation:
    """The first element that is not what the formula allows, and how many there are."""

    index: tuple[int, ...]
    actual: float
    expected: float
    elements: int
    of: int

    def __str__(self) -> str:
        at = ", ".join(map(str, self.index))
        return f"[{at}] is {self.actual!r}, expected {self.expected!r} ({self.elements} of {self.of} elements deviate)"


@dataclass(frozen=True)
class Worth:
    """How many elements can be a tenth off, one alone each time, and how many of these errors a
    bound notices.
    """

    planted: int
    noticed: int

    @property
    def is_loose(self) -> bool:
        """Whether the bound lets too many errors pass."""
        return self.noticed < _ENOUGH * self.planted


@dataclass(frozen=True)
class Real:
    """Floats within a bound of a float64 value."""

    number: Bounded
    is_copy: bool = False
    """Whether it is one of the inputs' values, which loses nothing where it is stored in full."""
    kept_as: np.dtype[Any] | None = None
    """What a library stores it in, where a parameter says so and not the inputs."""
    is_one_text: bool = False
    """Whether its first dimension is a batch of one, which may be left out."""

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether it may be stored with a shape."""
        return shape == self.shape or (self.is_one_text and shape == self.shape[1:])

    def stored(self, dtype: np.dtype[Any]) -> Array:
        """The value, rounded to `dtype`."""
        return _narrow(self.number.value, dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that it is stored with; a scalar's is [1]."""
        return self.number.shape or (1,)

    def judge(self, actual: Array, unjudged: Mask | None = None) -> Deviation | None:
        """None when every element is within its bound, plus one unit in the last place of the
        format that it is stored in, but for those that are not judged.

        A copy has no such unit in float32.
        """
        got = actual.astype(np.float64)
        wrong = self._is_wrong(got, actual.dtype)
        return _first(wrong, got, self.number.value.reshape(got.shape), unjudged)

    def worth(self, dtype: np.dtype[Any], unjudged: Mask | None = None) -> Worth:
        """What `judge` would notice of errors of a tenth in values that are stored in `dtype`, but
        for elements that are not judged and those that such an error leaves as they are or makes
        infinite.
        """
        right = self.stored(dtype).astype(np.float64).reshape(self.shape)
        wrong = _narrow(right * _TENTH_OFF, dtype).astype(np.float64)
        planted = np.isfinite(wrong) & (wrong != right)
        if unjudged is not None:
            planted &= ~unjudged.reshape(planted.shape)
        return Worth(int(planted.sum()), int((planted & self._is_wrong(wrong, dtype)).sum()))

    def _is_wrong(self, got: F64, dtype: np.dtype[Any]) -> Mask:
        """Which of the numbers, stored in `dtype`, are not within the bound."""
        value, error = self.number.value.reshape(got.shape), self.number.error.reshape(got.shape)
        with np.errstate(invalid="ignore", over="ignore"):
            unit = 0.0 if self.is_copy and dtype == np.float32 else _storage_unit(value, dtype)
            wrong = ~(np.abs(got - value) <= error + unit)
        # What depends on NaN or infinity is not judged, nor what may overflow.
        overflows = ~(np.abs(value) + error <= _LARGEST)
        return np.asarray(wrong & ~overflows & ~_is_beyond(dtype, got, value, error))


@dataclass(frozen=True)
class Codes:
    """Integers; where a value lies in the band around a threshold, either neighbour is right."""

    value: Array
    low: Array
    high: Array

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether it may be stored with a shape."""
        return shape == self.shape

    def stored(self, dtype: np.dtype[Any]) -> Array:
        """The codes."""
        return self.value

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that it is stored with."""
        return self.value.shape or (1,)

    def judge(self, actual: Array, unjudged: Mask | None = None) -> Deviation | None:
        """None when every code that is judged is one of the right ones."""
        got = actual.astype(np.int64)
        low, high = (x.reshape(actual.shape).astype(np.int64) for x in (self.low, self.high))
        wrong = (got < low) | (got > high)
        return _first(wrong, got, self.value.reshape(actual.shape), unjudged)


@dataclass(frozen=True)
class Decoded:
    """Codes that are right when what they decode to is: several codes may stand for one value."""

    value: Array
    decode: Callable[[Array], F64]
    low: F64
    high: F64

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether it may be stored with a shape."""
        return shape == self.shape

    def stored(self, dtype: np.dtype[Any]) -> Array:
        """The codes."""
        return self.value

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that it is stored with."""
        return self.value.shape

    def judge(self, actual: Array, unjudged: Mask | None = None) -> Deviation | None:
        """None when every code that is judged decodes to a value in its range."""
        got = self.decode(actual)
        wrong = (got < self.low) | (got > self.high)
        return _first(wrong, got, self.decode(self.value), unjudged)


Expected = Real | Codes | Decoded


def exactly(value: Array) -> Codes:
    """Integers without a band."""
    return Codes(value, value, value)


def _narrow(value: F64, dtype: np.dtype[Any]) -> Array:
    with np.errstate(over="ignore"):
        return value.astype(dtype)


def _is_beyond(dtype: np.dtype[Any], got: F64, value: F64, error: F64) -> np.ndarray[Any, Any]:
    """Where a value is beyond the range of a half format, which stores its largest number or
    infinity.
    """
    if dtype not in _HALVES:
        return np.zeros(got.shape, np.bool_)
    largest = float(ml_dtypes.finfo(dtype).max)
    with np.errstate(invalid="ignore"):
        farthest = np.sign(got) * value + error
    return np.asarray((np.abs(got) >= largest) & (farthest > largest))


def _storage_unit(value: F64, dtype: np.dtype[Any]) -> F64:
    """A unit in the last place of a narrow format at `value`; float32's own rounding is in the
    bound already.
    """
    if dtype == np.float16:
        return np.maximum(2.0**-10 * np.abs(value), 2.0**-24)
    if dtype == np.dtype(ml_dtypes.bfloat16):
        return np.maximum(2.0**-7 * np.abs(value), 2.0**-133)
    return np.zeros_like(value) if dtype == _EXACT else 2.0**-23 * np.abs(value)


def _first(wrong: Mask, actual: Array, expected: Array, unjudged: Mask | None) -> Deviation | None:
    if unjudged is not None:
        wrong &= ~unjudged.reshape(wrong.shape)
    count = int(wrong.sum())
    if count == 0:
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
    return Deviation(index, float(actual[index]), float(expected[index]), count, wrong.size)
