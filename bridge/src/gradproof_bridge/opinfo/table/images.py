"""Convolution and pooling; an image without a batch is a batch of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradproof_bridge.formulas.shapes import pair
from gradproof_bridge.opinfo.expressed import Expressed, NotExpressibleError, Shaped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from gradproof_bridge.bundle.vocabulary import Params
    from gradproof_bridge.opinfo.table.registry import Line

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
    """torch.nn.functional.max_pool2d."""
    params = {
        "kernel": two_of(kernel_size),
        "stride": two_of(stride or kernel_size),
        "padding": sides(padding),
        "dilation": two_of(dilation),
        "ceil_mode": ceil_mode,
    }
    outputs = _with_places(return_indices)
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


def adaptive(op: str, directions: int) -> Line:
    """Pooling to a size, which is pooling by equal windows where it divides the image; None keeps a
    size.
    """

    def line(input: Tensor, output_size: Any, return_indices: bool = False) -> Expressed:  # noqa: A002
        image = list(input.shape[-directions:])
        wanted = [output_size] if isinstance(output_size, int | None) else list(output_size)
        if len(wanted) == 1:
            wanted *= directions
        cells = [n if size is None else size for n, size in zip(image, wanted, strict=True)]
        if any(k == 0 or n % k != 0 for n, k in zip(image, cells, strict=True)):
            raise NotExpressibleError("adaptive pooling by windows of several sizes")
        kernel = [1, *(n // k for n, k in zip(image, cells, strict=True))][-2:]
        whole = op == "avg_pool2d" and set(cells) == {1}
        return Expressed(
            "global_avg_pool2d" if whole else op,
            {} if whole else {"kernel": kernel, "stride": kernel},
            {"x": batch(input) if directions == 2 else row(input)},
            _with_places(return_indices),
            shape=batched(input) if directions == 2 else in_row(input),
        )

    return line


def _with_places(return_indices: bool) -> Sequence[str | None]:
    """Where each maximum was is not in the vocabulary."""
    return ("y", None) if return_indices else ("y",)


def row(x: Tensor) -> Shaped:
    """Signals as images of one row, and one without a batch as a batch of one."""
    batches = x.shape[:1] if x.ndim == 3 else (1,)
    return Shaped(x, (*batches, x.shape[-2], 1, x.shape[-1]))


def in_row(x: Tensor) -> Callable[[Tensor], tuple[int, ...]]:
    """What shape a result has in such images."""
    return lambda y: (
        (*y.shape[:2], 1, y.shape[2]) if x.ndim == 3 else (1, y.shape[0], 1, *y.shape[1:])
    )


def one_of(value: Sizes) -> int:
    """Torch takes a list of one number, too."""
    return value if isinstance(value, int) else next(iter(value))


def _along(kernel_size: Sizes, stride: Sizes | None, padding: Sizes) -> Params:
    """Kernel, stride and padding of a window that moves along a row."""
    kernel, around = one_of(kernel_size), one_of(padding)
    step = kernel if stride is None or stride == [] else one_of(stride)
    return {"kernel": [1, kernel], "stride": [1, step], "padding": [0, around] * 2}


def max_pool1d(
    input: Tensor,  # noqa: A002
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Expressed:
    """torch.nn.functional.max_pool1d."""
    params = {
        **_along(kernel_size, stride, padding),
        "dilation": [1, one_of(dilation)],
        "ceil_mode": ceil_mode,
    }
    outputs = _with_places(return_indices)
    return Expressed("max_pool2d", params, {"x": row(input)}, outputs, shape=in_row(input))


def avg_pool1d(
    input: Tensor,  # noqa: A002
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Expressed:
    """torch.nn.functional.avg_pool1d."""
    params = {
        **_along(kernel_size, stride, padding),
        "count_include_pad": count_include_pad,
        "ceil_mode": ceil_mode,
    }
    return Expressed("avg_pool2d", params, {"x": row(input)}, shape=in_row(input))


def conv1d(
    input: Tensor,  # noqa: A002
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Any = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Expressed:
    """torch.nn.functional.conv1d; `same` pads one more behind."""
    spread = one_of(dilation)
    total = spread * (weight.shape[2] - 1)
    named = {"valid": [0, 0], "same": [total // 2, total - total // 2]}
    around = named[padding] if isinstance(padding, str) else [one_of(padding)] * 2
    flat = input.ndim == 2
    params = {"stride": one_of(stride), "padding": around, "dilation": spread, "groups": groups}
    inputs = {"x": Shaped(input, (1, *input.shape)) if flat else input, "weight": weight}
    return Expressed(
        "conv1d",
        params,
        inputs | ({} if bias is None else {"bias": bias}),
        shape=(lambda y: (1, *y.shape)) if flat else None,
    )


def conv_transpose2d(
    input: Tensor,  # noqa: A002
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Expressed:
    """torch.nn.functional.conv_transpose2d."""
    params = {
        "stride": two_of(stride),
        "padding": sides(padding),
        "output_padding": two_of(output_padding),
        "dilation": two_of(dilation),
        "groups": groups,
    }
    inputs = {"x": batch(input), "weight": weight} | ({} if bias is None else {"bias": bias})
    return Expressed("conv_transpose2d", params, inputs, shape=batched(input))


def conv_transpose1d(
    input: Tensor,  # noqa: A002
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Expressed:
    """torch.nn.functional.conv_transpose1d."""
    around = one_of(padding)
    params = {
        "stride": [1, one_of(stride)],
        "padding": [0, around] * 2,
        "output_padding": [0, one_of(output_padding)],
        "dilation": [1, one_of(dilation)],
        "groups": groups,
    }
    channels, each, kernel = weight.shape
    inputs = {"x": row(input), "weight": Shaped(weight, (channels, each, 1, kernel))}
    return Expressed(
        "conv_transpose2d",
        params,
        inputs | ({} if bias is None else {"bias": bias}),
        shape=in_row(input),
    )


TABLE = {
    "nn.functional.conv2d": conv2d,
    "nn.functional.max_pool2d": max_pool2d,
    "nn.functional.avg_pool2d": avg_pool2d,
    "nn.functional.adaptive_avg_pool2d": adaptive("avg_pool2d", 2),
    "nn.functional.adaptive_max_pool2d": adaptive("max_pool2d", 2),
    "nn.functional.max_pool1d": max_pool1d,
    "nn.functional.avg_pool1d": avg_pool1d,
    "nn.functional.adaptive_avg_pool1d": adaptive("avg_pool2d", 1),
    "nn.functional.adaptive_max_pool1d": adaptive("max_pool2d", 1),
    "nn.functional.conv1d": conv1d,
    "nn.functional.conv_transpose1d": conv_transpose1d,
    "nn.functional.conv_transpose2d": conv_transpose2d,
}
