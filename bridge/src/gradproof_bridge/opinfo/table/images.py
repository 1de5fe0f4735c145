"""Convolution and pooling; an image without a batch is a batch of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradproof_bridge.formulas.shapes import pair
from gradproof_bridge.opinfo.expressed import Expressed, NotExpressibleError, Shaped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

Sizes = Any
"""A number, or one for each direction."""


def batch(x: Tensor) -> Any:
    """The images as a batch."""
    return Shaped(x, (1, *x.shape)) if x.ndim == 3 else x


def batched(x: Tensor) -> Callable[[Tensor], tuple[int, ...]] | None:
    """What shape the result for the batch has, where there was none."""
    return (lambda y: (1, *y.shape)) if x.ndim == 3 else None


def two_of(value: Sizes) -> list[int]:
    """Vertical and horizontal; torch takes a list of one number, too."""
    one = value if isinstance(value, int) else list(value)
    return list(pair(one[0] if isinstance(one, list) and len(one) == 1 else one))


def sides(padding: Sizes) -> list[int]:
    """The same padding before and after."""
    return two_of(padding) * 2


def conv2d(
    input: Tensor,  # noqa: A002 - torch's name
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Any = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Expressed:
    """torch.nn.functional.conv2d; `same` pads one more below and on the right."""
    spread = two_of(dilation)
    if padding == "same":
        totals = [d * (k - 1) for d, k in zip(spread, weight.shape[2:], strict=True)]
        around = [*(n // 2 for n in totals), *(n - n // 2 for n in totals)]
    else:
        around = sides(0 if padding == "valid" else padding)
    inputs = {"x": batch(input), "weight": weight} | ({} if bias is None else {"bias": bias})
    params = {
        "stride": two_of(stride),
        "padding": around,
        "dilation": spread,
        "groups": groups,
    }
    return Expressed("conv2d", params, inputs, shape=batched(input))


def max_pool2d(
    input: Tensor,  # noqa: A002
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Expressed:
    """torch.nn.functional.max_pool2d; where each maximum was is not in the vocabulary."""
    params = {
        "kernel": two_of(kernel_size),
        "stride": two_of(stride or kernel_size),
        "padding": sides(padding),
        "dilation": two_of(dilation),
        "ceil_mode": ceil_mode,
    }
    outputs: Sequence[str | None] = ("y", None) if return_indices else ("y",)
    return Expressed("max_pool2d", params, {"x": batch(input)}, outputs, shape=batched(input))


def avg_pool2d(
    input: Tensor,  # noqa: A002
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Expressed:
    """torch.nn.functional.avg_pool2d."""
    if divisor_override is not None:
        raise NotExpressibleError("divisor_override")
    params = {
        "kernel": two_of(kernel_size),
        "stride": two_of(stride or kernel_size),
        "padding": sides(padding),
        "count_include_pad": count_include_pad,
        "ceil_mode": ceil_mode,
    }
    return Expressed("avg_pool2d", params, {"x": batch(input)}, shape=batched(input))


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Expressed:  # noqa: A002
    """torch.nn.functional.adaptive_avg_pool2d to one cell; None keeps a size."""
    wanted = [output_size] * 2 if output_size is None else two_of_any(output_size)
    cells = [n if size is None else size for n, size in zip(input.shape[-2:], wanted, strict=True)]
    if cells != [1, 1]:
        raise NotExpressibleError("adaptive pooling to more than one cell")
    return Expressed("global_avg_pool2d", {}, {"x": batch(input)}, shape=batched(input))


def two_of_any(value: Any) -> list[int | None]:
    """One for each direction, None among them."""
    return [value, value] if isinstance(value, int) else list(value)


TABLE = {
    "nn.functional.conv2d": conv2d,
    "nn.functional.max_pool2d": max_pool2d,
    "nn.functional.avg_pool2d": avg_pool2d,
    "nn.functional.adaptive_avg_pool2d": adaptive_avg_pool2d,
}
