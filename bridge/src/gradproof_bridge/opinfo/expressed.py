"""A sample of torch in the words of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.backends.torch_arrays import to_numpy
from gradproof_bridge.bundle.stored import Array, storable
from gradproof_bridge.bundle.vocabulary import Params

if TYPE_CHECKING:
    from torch import Tensor

MOST_ELEMENTS = 2**16
"""Of a bundle; torch's largest samples have a million, and say nothing that smaller ones do not."""
DTYPES = {
    "f32": "float32",
    "f64": "float64",
    "f16": "float16",
    "bf16": "bfloat16",
    "i32": "int32",
    "i8": "int8",
    "u8": "uint8",
}
"""Torch's names of the element types of bundles."""
_INT32 = 2**31


class NotExpressibleError(Exception):
    """A sample that is no bundle, and why: few words, by which such samples are counted."""


@dataclass(frozen=True)
class Shaped:
    """A tensor of the sample that the bundle has in another shape; so it has its gradient."""

    tensor: Tensor
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Read:
    """A tensor of the sample, which the op reads with other numbers where torch reads none."""

    tensor: Tensor
    shown: Tensor


@dataclass(frozen=True)
class Codes:
    """Truth values, which a bundle stores as U8, or indices, which it stores as I32."""

    tensor: Tensor


Operand = Any
"""A tensor, `Shaped`, `Read`, `Codes`, or a number, which becomes a tensor of one element."""


@dataclass(frozen=True)
class Expressed:
    """An op of the vocabulary that computes what torch computes of a sample.

    `outputs` names what torch's function gives, in order; None is none of the bundle's. `moved` are
    inputs that the function writes, by the names of the outputs that they become.
    """

    op: str
    params: Params
    inputs: Mapping[str, Operand]
    outputs: Sequence[str | None] = ("y",)
    moved: Mapping[str, Tensor] = field(default_factory=dict)
    shape: Callable[[Tensor], tuple[int, ...]] | None = None
    """Shape of an output in the bundle, where torch's is another."""
    has_gradients: bool = True
    """Whether torch's gradients are those of the op."""


def tensor_of(operand: Operand) -> Tensor | None:
    """The sample's tensor, which its gradient is of."""
    import torch

    given = operand.tensor if isinstance(operand, (Shaped, Read)) else operand
    return given if isinstance(given, torch.Tensor) else None


def stored(operand: Operand, name: str) -> Array:
    """As the bundle keeps it. Raises NotExpressibleError."""
    if isinstance(operand, np.ndarray):
        return operand
    if isinstance(operand, Shaped):
        return plain(operand.tensor, name).reshape(operand.shape)
    if isinstance(operand, Read):
        return plain(operand.shown, name)
    return _integers(operand.tensor) if isinstance(operand, Codes) else plain(operand, name)


def plain(tensor: Tensor, name: str) -> Array:
    """A tensor in its own element type. Raises NotExpressibleError for one that bundles lack."""
    import torch

    if tensor.layout is not torch.strided:
        raise NotExpressibleError("a sparse tensor")
    if tensor.dtype == torch.int64:
        return _integers(tensor)
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in DTYPES.values():
        raise NotExpressibleError(f"{name} is {dtype}")
    return _held_shape(storable(to_numpy(tensor)))


def _integers(tensor: Tensor) -> Array:
    host = to_numpy(tensor)
    if host.dtype.kind not in "iub":
        raise NotExpressibleError(f"indices that are {host.dtype.name}")
    try:
        return _held_shape(storable(host if host.dtype == np.bool_ else host.astype(np.int64)))
    except OverflowError:
        raise NotExpressibleError("an integer beyond 32 bits") from None


def _held_shape(array: Array) -> Array:
    if array.ndim > 8:
        raise NotExpressibleError("more than 8 dimensions")
    if array.size > MOST_ELEMENTS:
        raise NotExpressibleError(f"a tensor of more than {MOST_ELEMENTS} elements")
    return array


def number(value: object, like: Tensor) -> Tensor:
    """A number beside a tensor, in the element type that torch computes with.

    Raises NotExpressibleError where the format has no such number: torch computes halves in
    float32, and keeps the number in it.
    """
    import torch

    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NotExpressibleError(f"a number that is {type(value).__name__}")
    dtype = like.dtype
    if not dtype.is_floating_point and isinstance(value, float):
        dtype = torch.float32
    if not dtype.is_floating_point and not -_INT32 <= value < _INT32:
        raise NotExpressibleError("an integer beyond 32 bits")
    held = torch.tensor(value, dtype=torch.float64).to(dtype)
    single = dtype in (torch.float32, torch.float64)
    if not single and held.double().item() != value:
        raise NotExpressibleError(
            f"a number that {str(dtype).removeprefix('torch.')} does not hold"
        )
    return held


def held(value: object, like: Tensor) -> float:
    """A number beside a tensor as a parameter, which the op has in float32. Raises
    NotExpressibleError where that is another.
    """
    found = float(number(value, like).detach())
    if float(np.float32(found)) != found and not np.isnan(found):
        raise NotExpressibleError("a number that float32 does not hold")
    return found
