"""Functions of each element."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gradproof_bridge.opinfo.expressed import Codes, Expressed, NotExpressibleError, held, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.opinfo.table.registry import Line


def two(op: str, *, swapped: bool = False, **params: Any) -> Line:
    """A function of two operands; one of them may be a number."""

    def line(input: Any, other: Any) -> Expressed:  # noqa: A002 - torch's name
        a, b = (other, input) if swapped else (input, other)
        return Expressed(op, params, operands(a, b))

    return line


def operands(a: Any, b: Any) -> Mapping[str, Tensor]:
    """Both as tensors; at least one of them is a tensor already."""
    import torch

    like = next((x for x in (a, b) if isinstance(x, torch.Tensor)), None)
    if like is None:
        raise NotExpressibleError("two numbers and no tensor")
    return {"a": number(a, like), "b": number(b, like)}


def with_alpha(op: str, *, swapped: bool = False) -> Line:
    """torch.add and torch.sub, with the factor that they give the second operand."""
    plain = two(op, swapped=swapped)

    def line(input: Any, other: Any, *, alpha: float = 1) -> Expressed:  # noqa: A002
        if alpha != 1:
            raise NotExpressibleError("a factor alpha")
        return plain(input, other)

    return line


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Expressed:  # noqa: A002
    """torch.div."""
    params = {} if rounding_mode is None else {"rounding_mode": rounding_mode}
    return Expressed("div", params, operands(input, other))


def with_number(op: str, value: float, *, first: bool = False, **params: Any) -> Line:
    """A function of one operand that is one of it and a number; a float makes integers floats."""

    def line(input: Tensor) -> Expressed:  # noqa: A002
        x = floats(input) if isinstance(value, float) else input
        return Expressed(op, params, operands(value, x) if first else operands(x, value))

    return line


def passing_over(op: str) -> Line:
    """torch.fmax and torch.fmin, which are torch.maximum and torch.minimum of numbers; of two that
    are equal the first has the whole gradient.
    """

    def line(input: Tensor, other: Tensor) -> Expressed:  # noqa: A002
        if bool(input.isnan().any()) or bool(other.isnan().any()):
            raise NotExpressibleError("a NaN beside which the other operand is chosen")
        tied = bool((input == other).any())
        return Expressed(op, {}, operands(input, other), has_gradients=not tied)

    return line


def power(base: Any, exponent: Any) -> Expressed:
    """torch.pow."""
    return Expressed("pow", {}, operands(base, exponent))


def float_power(input: Any, exponent: Any) -> Expressed:  # noqa: A002
    """torch.float_power, which computes in float64 whatever it is given."""
    import torch

    given = {
        name: x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64)
        for name, x in (("a", input), ("b", exponent))
    }
    return Expressed("pow", {}, {name: floats(x) for name, x in given.items()})


def floats(x: Tensor) -> Tensor:
    """The operand of a function of floats: torch makes integers float32 first."""
    import torch

    return x if x.is_floating_point() else x.to(torch.float32)


def one(op: str, **params: Any) -> Line:
    """A function of one operand."""

    def line(input: Tensor) -> Expressed:  # noqa: A002
        return Expressed(op, params, {"x": input})

    return line


def of_floats(op: str) -> Line:
    """A function of one operand that torch computes of integers as of floats."""

    def line(input: Tensor) -> Expressed:  # noqa: A002
        return Expressed(op, {}, {"x": floats(input)})

    return line


def gelu(input: Tensor, *, approximate: str = "none") -> Expressed:  # noqa: A002
    """torch.nn.functional.gelu."""
    return Expressed("gelu", {"approximate": approximate}, {"x": input})


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Expressed:  # noqa: A002
    """torch.clamp."""
    import torch

    if isinstance(min, torch.Tensor) or isinstance(max, torch.Tensor):
        between = {"min": min, "max": max}
        tensors = {name: number(x, input) for name, x in between.items() if x is not None}
        return Expressed("clamp", {}, {"x": input, **tensors})
    limits = {name: float(x) for name, x in (("min", min), ("max", max)) if x is not None}
    if not input.is_floating_point() and any(x % 1 != 0 for x in limits.values()):
        raise NotExpressibleError("integers between limits that are none")
    return Expressed("clip", limits, {"x": input})


def clamp_min(input: Tensor, min: Any) -> Expressed:  # noqa: A002
    """torch.clamp_min."""
    return clamp(input, min)


def clamp_max(input: Tensor, max: Any) -> Expressed:  # noqa: A002
    """torch.clamp_max."""
    return clamp(input, None, max)


def where(input: Any, condition: Tensor, other: Any) -> Expressed:  # noqa: A002
    """torch.where, as its samples have it: `input` where the condition is true."""
    return Expressed("where", {}, {"condition": Codes(condition), **operands(input, other)})


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Expressed:  # noqa: A002
    """torch.masked_fill."""
    return Expressed(
        "masked_fill",
        {"value": held(value, input)},
        {"x": input, "mask": Codes(mask)},
    )


def triangle(kept: str) -> Line:
    """torch.tril and torch.triu: the rest is filled with 0."""

    def line(input: Tensor, diagonal: int = 0) -> Expressed:  # noqa: A002
        import torch

        of = getattr(torch, kept)
        rest = of(torch.ones(input.shape[-2:]), diagonal) == 0
        return masked_fill(input, rest, 0)

    return line


def hardtanh(
    input: Tensor,  # noqa: A002
    min_val: float = -1.0,
    max_val: float = 1.0,
) -> Expressed:
    """torch.nn.functional.hardtanh."""
    return clamp(input, min_val, max_val)


def cast(to: str) -> Line:
    """A conversion; the order of the elements in memory is not in the bundle."""

    def line(input: Tensor, *, memory_format: object = None) -> Expressed:  # noqa: A002
        return Expressed("cast", {"to": to}, {"x": input})

    return line


def cast_to(
    input: Tensor,  # noqa: A002
    *to: Any,
    memory_format: object = None,
) -> Expressed:
    """torch.Tensor.to, of a type, of a device and a type, or of another tensor's type."""
    import torch

    of_other = (x.dtype for x in to if isinstance(x, torch.Tensor))
    dtype = next(of_other, None) or next((x for x in to if isinstance(x, torch.dtype)), input.dtype)
    name = str(dtype).removeprefix("torch.")
    if name not in _CASTS:
        raise NotExpressibleError(f"a cast to {name}")
    return Expressed("cast", {"to": name}, {"x": input})


_CASTS = ("float64", "float32", "float16", "bfloat16", "int32", "int8", "uint8", "bool")

TABLE = {
    "add": with_alpha("add"),
    "sub": with_alpha("sub"),
    "rsub": with_alpha("sub", swapped=True),
    "mul": two("mul"),
    "div": div,
    "true_divide": two("div"),
    "floor_divide": two("div", rounding_mode="floor"),
    "pow": power,
    "__rpow__": two("pow", swapped=True),
    "float_power": float_power,
    "square": with_number("pow", 2),
    "exp2": with_number("pow", 2.0, first=True),
    "reciprocal": with_number("div", 1.0, first=True),
    "floor": with_number("div", 1, rounding_mode="floor"),
    "trunc": with_number("div", 1, rounding_mode="trunc"),
    "neg": with_number("mul", -1),
    "deg2rad": with_number("mul", math.pi / 180),
    "rad2deg": with_number("mul", 180 / math.pi),
    "maximum": two("maximum"),
    "max.binary": two("maximum"),
    "fmax": passing_over("maximum"),
    "minimum": two("minimum"),
    "min.binary": two("minimum"),
    "fmin": passing_over("minimum"),
    "where": where,
    "masked_fill": masked_fill,
    "tril": triangle("tril"),
    "triu": triangle("triu"),
    "__radd__": two("add", swapped=True),
    "__rsub__": two("sub", swapped=True),
    "__rmul__": two("mul", swapped=True),
    "__rdiv__": two("div", swapped=True),
    "nn.functional.relu": one("relu"),
    "nn.functional.silu": one("silu"),
    "sigmoid": of_floats("sigmoid"),
    "exp": of_floats("exp"),
    "log": of_floats("log"),
    "sqrt": of_floats("sqrt"),
    "rsqrt": of_floats("rsqrt"),
    "tanh": of_floats("tanh"),
    "abs": one("abs"),
    "erf": of_floats("erf"),
    "nn.functional.gelu": gelu,
    "nn.functional.relu6": one("clip", min=0.0, max=6.0),
    "nn.functional.hardtanh": hardtanh,
    "clamp": clamp,
    "clamp_min": clamp_min,
    "clamp_max": clamp_max,
    "double": cast("float64"),
    "float": cast("float32"),
    "half": cast("float16"),
    "bfloat16": cast("bfloat16"),
    "int": cast("int32"),
    "long": cast("int32"),
    "char": cast("int8"),
    "byte": cast("uint8"),
    "bool": cast("bool"),
    "to": cast_to,
}
