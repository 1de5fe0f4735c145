"""Functions of each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradproof_bridge.opinfo.expressed import Expressed, NotExpressibleError, number

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
        raise NotExpressibleError("two numbers")
    return {"a": number(a, like), "b": number(b, like)}


def with_alpha(op: str, *, swapped: bool = False) -> Line:
    """torch.add and torch.sub, with the factor that they give the second operand."""
    plain = two(op, swapped=swapped)

    def line(input: Any, other: Any, *, alpha: float = 1) -> Expressed:  # noqa: A002
        if alpha != 1:
            raise NotExpressibleError("alpha is not 1")
        return plain(input, other)

    return line


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Expressed:  # noqa: A002
    """torch.div."""
    if rounding_mode is not None:
        raise NotExpressibleError("a rounding_mode")
    return Expressed("div", {}, operands(input, other))


def one(op: str, **params: Any) -> Line:
    """A function of one operand."""

    def line(input: Tensor) -> Expressed:  # noqa: A002
        return Expressed(op, params, {"x": input})

    return line


def gelu(input: Tensor, *, approximate: str = "none") -> Expressed:  # noqa: A002
    """torch.nn.functional.gelu."""
    return Expressed("gelu", {"approximate": approximate}, {"x": input})


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Expressed:  # noqa: A002
    """torch.clamp."""
    import torch

    if isinstance(min, torch.Tensor) or isinstance(max, torch.Tensor):
        raise NotExpressibleError("limits that are tensors")
    limits = {name: float(x) for name, x in (("min", min), ("max", max)) if x is not None}
    return Expressed("clip", limits, {"x": input})


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
    "__radd__": two("add", swapped=True),
    "__rsub__": two("sub", swapped=True),
    "__rmul__": two("mul", swapped=True),
    "__rdiv__": two("div", swapped=True),
    "nn.functional.relu": one("relu"),
    "nn.functional.silu": one("silu"),
    "sigmoid": one("sigmoid"),
    "exp": one("exp"),
    "log": one("log"),
    "sqrt": one("sqrt"),
    "rsqrt": one("rsqrt"),
    "tanh": one("tanh"),
    "abs": one("abs"),
    "erf": one("erf"),
    "nn.functional.gelu": gelu,
    "nn.functional.relu6": one("clip", min=0.0, max=6.0),
    "nn.functional.hardtanh": hardtanh,
    "clamp": clamp,
    "double": cast("float64"),
    "float": cast("float32"),
    "half": cast("float16"),
    "bfloat16": cast("bfloat16"),
    "int": cast("int32"),
    "char": cast("int8"),
    "byte": cast("uint8"),
    "bool": cast("bool"),
    "to": cast_to,
}
