"""Numbers with a running error: a float64 value and how far float32 arithmetic, in any order of
summation, may be from it.

The unit is eps = 2^-23 an operation, as WGSL allows either neighbour of a result; a sum of n terms
costs n-1 of them (Higham's gamma), exp (3 + 2|x|) eps, division 2.5 eps, sqrt and 1/sqrt 4 eps, log
3 eps or 2^-21 near 1. The error of a formula then follows from the formula itself: no tolerance is
written anywhere.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

F64 = NDArray[np.float64]
TINY = 2.0**-126
Axes = int | tuple[int, ...] | None


@dataclass(frozen=True)
class Precision:
    """What keeping a number in a format costs."""

    eps: float
    """Relative, of one operation."""
    tiny: float
    """What a number below the format's range may lose."""
    largest: float
    """The largest number of a half format: what follows from one beyond it may be anything."""


_FLOAT32 = Precision(2.0**-23, TINY, math.inf)
_PRECISION: ContextVar[Precision] = ContextVar("precision", default=_FLOAT32)
HALVES = {
    "float16": Precision(2.0**-10, 2.0**-24, 65504.0),
    "bfloat16": Precision(2.0**-7, TINY, (2 - 2.0**-7) * 2.0**127),
}
"""By numpy's names. A library may keep every number in them, also one on the way that they do not
hold.
"""


@contextmanager
def kept_in(precision: Precision) -> Iterator[None]:
    """Within it, every number is kept so."""
    token = _PRECISION.set(precision)
    try:
        yield
    finally:
        _PRECISION.reset(token)


def eps() -> float:
    """What one operation may lose, relative."""
    return _PRECISION.get().eps


def gamma(operations: int) -> float:
    """Higham's bound of the relative error after so many operations."""
    c = operations * eps()
    return c / (1 - c) if c < 1 else math.inf


@dataclass(frozen=True)
class Bounded:
    """A value and a bound of its error, of the same shape."""

    value: F64
    error: F64
    __array_ufunc__ = None  # so that `ndarray * Bounded` comes here

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of both."""
        return self.value.shape

    @property
    def off(self) -> F64:
        """The error with which it goes into an operation: any, of what the format does not hold."""
        largest = _PRECISION.get().largest
        if largest == math.inf:
            return self.error
        with np.errstate(invalid="ignore"):
            return np.where(np.abs(self.value) + self.error > largest, np.inf, self.error)

    def __getitem__(self, at: Any) -> Bounded:
        return Bounded(self.value[at], self.error[at])

    def __neg__(self) -> Bounded:
        return Bounded(-self.value, self.error)

    def __add__(self, other: Operand) -> Bounded:
        b = bounded(other)
        return rounded(self.value + b.value, self.off + b.off)

    def __sub__(self, other: Operand) -> Bounded:
        return self + -bounded(other)

    def __mul__(self, other: Operand) -> Bounded:
        b = bounded(other)
        with np.errstate(invalid="ignore"):
            carried = np.abs(self.value) * b.off + np.abs(b.value) * self.off + self.off * b.off
            return rounded(self.value * b.value, carried)

    def __truediv__(self, other: Operand) -> Bounded:
        b = bounded(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = self.value / b.value
            room = np.maximum(np.abs(b.value) - b.off, 0)
            error = np.where(
                (self.off == 0) & (b.off == 0), 0, (self.off + np.abs(value) * b.off) / room
            )
        return rounded(value, error, 2.5)

    def __radd__(self, other: Operand) -> Bounded:
        return self + other

    def __rsub__(self, other: Operand) -> Bounded:
        return bounded(other) - self

    def __rmul__(self, other: Operand) -> Bounded:
        return self * other

    def __rtruediv__(self, other: Operand) -> Bounded:
        return bounded(other) / self

    def __matmul__(self, other: Bounded) -> Bounded:
        a, b = np.abs(self.value), np.abs(other.value)
        carried = a @ other.off + self.off @ (b + other.off)
        terms = self.shape[-1]
        return Bounded(
            self.value @ other.value,
            carried + gamma(terms + 1) * ((a + self.off) @ (b + other.off)) + terms * TINY,
        )

    def reshape(self, *shape: int) -> Bounded:
        """As numpy's."""
        return Bounded(self.value.reshape(shape), self.error.reshape(shape))

    def transpose(self, *axes: int) -> Bounded:
        """As numpy's."""
        return Bounded(self.value.transpose(axes), self.error.transpose(axes))

    def swap(self, a: int = -1, b: int = -2) -> Bounded:
        """Two axes exchanged."""
        return Bounded(self.value.swapaxes(a, b), self.error.swapaxes(a, b))

    def sum(self, axis: Axes = None, *, keepdims: bool = False) -> Bounded:
        """A sum in any order."""
        terms = _count(self.shape, axis)
        value = self.value.sum(axis=axis, keepdims=True)
        size = (np.abs(self.value) + self.off).sum(axis=axis, keepdims=True)
        carried = self.off.sum(axis=axis, keepdims=True)
        return _kept(
            Bounded(value, carried + gamma(max(terms - 1, 0)) * size), axis, keepdims=keepdims
        )

    def mean(self, axis: Axes = None, *, keepdims: bool = False) -> Bounded:
        """A sum divided by the number of its terms."""
        return self.sum(axis, keepdims=keepdims) / float(_count(self.shape, axis))

    def max(self, axis: Axes = None, *, keepdims: bool = False) -> Bounded:
        """The largest, of none -inf; it errs no more than the worst of its candidates."""
        found = Bounded(
            self.value.max(axis=axis, keepdims=True, initial=-np.inf),
            self.error.max(axis=axis, keepdims=True, initial=0.0),
        )
        return _kept(found, axis, keepdims=keepdims)


Operand = Bounded | NDArray[Any] | float


def _kept(x: Bounded, axis: Axes, *, keepdims: bool) -> Bounded:
    """With the dimensions that were reduced to 1, or without."""
    return (
        x
        if keepdims
        else Bounded(np.asarray(np.squeeze(x.value, axis)), np.asarray(np.squeeze(x.error, axis)))
    )


def _count(shape: Sequence[int], axis: Axes) -> int:
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[a] for a in (axis if isinstance(axis, tuple) else (axis,)))


def bounded(x: Operand) -> Bounded:
    """A number that is known exactly, or `x` itself."""
    if isinstance(x, Bounded):
        return x
    value = np.asarray(x).astype(np.float64)
    return Bounded(value, np.zeros_like(value))


def rounded(value: F64, error: F64, units: float | F64 = 1.0) -> Bounded:
    """The result of one operation that errs by so many units in itself, and may be flushed to zero."""
    kept = _PRECISION.get()
    with np.errstate(invalid="ignore"):
        return Bounded(value, error + units * kept.eps * (np.abs(value) + error) + kept.tiny)


def where(mask: NDArray[np.bool_], a: Operand, b: Operand) -> Bounded:
    """`a` where the mask is true, else `b`."""
    x, y = bounded(a), bounded(b)
    return Bounded(np.where(mask, x.value, y.value), np.where(mask, x.error, y.error))


def concatenate(parts: Sequence[Bounded], axis: int) -> Bounded:
    """As numpy's."""
    return Bounded(
        np.concatenate([part.value for part in parts], axis),
        np.concatenate([part.error for part in parts], axis),
    )


def exp(x: Bounded) -> Bounded:
    """e^x: (3 + 2|x|) units."""
    value = np.exp(x.value)
    return rounded(value, value * np.expm1(np.minimum(x.off, 700)), 3 + 2 * np.abs(x.value))


def log(x: Bounded) -> Bounded:
    """Natural logarithm: 3 units, or 2^-21 where it is close to 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(x.value)
        carried = np.where(x.off == 0, 0, x.off / np.maximum(x.value - x.off, 0))
        near = np.where((x.value >= 0.5) & (x.value <= 2), 4 * eps(), 0)
    return rounded(value, carried + near, 3)


def sqrt(x: Bounded) -> Bounded:
    """Square root."""
    value = np.sqrt(x.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        carried = np.where(x.off == 0, 0, np.minimum(x.off / value, np.sqrt(x.off)))
    return rounded(value, carried, 4.5)


def tanh(x: Bounded) -> Bounded:
    """Hyperbolic tangent; a library may take it through exp."""
    value = np.tanh(x.value)
    return rounded(
        value, (1 - value**2) * x.off + x.off**2 + 4 * eps() * np.minimum(np.abs(x.value), 1), 4
    )


def erf(x: Bounded) -> Bounded:
    """Error function; libraries keep about four units of 1."""
    value = np.vectorize(math.erf, otypes=[np.float64])(x.value)
    return rounded(value, 2 / math.sqrt(math.pi) * np.exp(-(x.value**2)) * x.off + x.off**2, 4)


def sigmoid(x: Bounded) -> Bounded:
    """1 / (1 + e^-x)."""
    with np.errstate(over="ignore"):
        value = 1 / (1 + np.exp(-x.value))
    slope = value * (1 - value)
    return rounded(value, slope * (x.off + eps() * (3 + 2 * np.abs(x.value))) + x.off**2, 3.5)
