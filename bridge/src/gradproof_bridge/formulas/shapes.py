"""Broadcasting backwards, axes, windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import Bounded, gamma

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradproof_bridge.bundle.vocabulary import Params


_MOST_CELLS = 2**24
"""Of all windows along one direction: paddings that an image has are far below."""
_MOST_IN_ALL = 2**26
"""Of all windows of an image: a kernel of 8 x 8 at each pixel of one of 1024 x 1024."""


def unbroadcast(gradient: Bounded, shape: Sequence[int]) -> Bounded:
    """The gradient of what was broadcast from `shape`: sums over the dimensions that it gained or
    that had size 1.
    """
    extra = len(gradient.shape) - len(shape)
    summed = gradient.sum(tuple(range(extra))) if extra else gradient
    widened = tuple(axis for axis, n in enumerate(shape) if n == 1 and summed.shape[axis] != 1)
    return (summed.sum(widened, keepdims=True) if widened else summed).reshape(*shape)


def axis_in(axis: int, rank: int) -> int:
    """`axis` counted from the front. Raises FormatError when there is no such dimension."""
    if not -rank <= axis < rank:
        raise FormatError(f"axis {axis} is not one of {rank} dimensions")
    return axis % rank


def block_of(elements: int, blocksize: int) -> NDArray[np.int64]:
    """The block that each element of a flat tensor belongs to: what is one for a block, indexed by
    it, is one for an element.
    """
    return np.arange(elements) // blocksize


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    """One number for both directions, or [vertical, horizontal]."""
    if isinstance(value, int):
        return value, value
    vertical, horizontal = value
    return vertical, horizontal


def around(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """[top, left, bottom, right], of one number for all, or of [vertical, horizontal]."""
    if isinstance(padding, int) or len(padding) == 2:
        vertical, horizontal = pair(padding)
        return vertical, horizontal, vertical, horizontal
    top, left, bottom, right = padding
    return top, left, bottom, right


def window_starts(
    params: Params, kernel: tuple[int, int], size: tuple[int, int]
) -> tuple[list[int], list[int]]:
    """First rows and first columns of the windows, counted from the unpadded corner; ceil_mode
    drops one that starts in the padding. `positions` says how many there are where more would fit.
    """
    stride = pair(params.get("stride") or kernel)
    dilation = pair(params.get("dilation", 1))
    positions = params.get("positions")
    top, left, bottom, right = around(params["padding"])

    def along(d: int, before: int, after: int) -> list[int]:
        room = size[d] + before + after - dilation[d] * (kernel[d] - 1) - 1
        if room < 0:
            raise FormatError(f"a window of {kernel[d]} does not fit into {size[d]}")
        steps = -(-room // stride[d]) if params.get("ceil_mode") else room // stride[d]
        if (steps + 1) * kernel[d] > _MOST_CELLS:
            raise _too_many(f"{steps + 1} x {kernel[d]}", _MOST_CELLS)
        if params.get("ceil_mode") and steps * stride[d] >= size[d] + before:
            steps -= 1
        count = positions[d] if positions else steps + 1
        return [i * stride[d] - before for i in range(count)]

    rows, columns = along(0, top, bottom), along(1, left, right)
    if len(rows) * kernel[0] * len(columns) * kernel[1] > _MOST_IN_ALL:
        cells = f"{len(rows)} x {len(columns)} x {kernel[0]} x {kernel[1]}"
        raise _too_many(cells, _MOST_IN_ALL)
    return rows, columns


def _too_many(cells: str, most: int) -> FormatError:
    return FormatError(f"the windows have {cells} cells; at most {most} are looked at here")


def windows(
    x: Bounded,
    kernel: tuple[int, int],
    starts: tuple[list[int], list[int]],
    dilation: tuple[int, int],
    fill: float,
) -> tuple[Bounded, NDArray[np.bool_], NDArray[np.int64]]:
    """Windows of [N, C, H, W] as [N, C, OH, OW, kh*kw], which cells lie inside the image, and their
    index in H*W (0 outside).
    """
    height, width = x.shape[2:]
    rows = np.array(starts[0])[:, None] + dilation[0] * np.arange(kernel[0])[None, :]
    columns = np.array(starts[1])[:, None] + dilation[1] * np.arange(kernel[1])[None, :]
    r = np.broadcast_to(rows[:, None, :, None], (len(rows), len(columns), *kernel)).reshape(
        len(rows), len(columns), -1
    )
    c = np.broadcast_to(columns[None, :, None, :], (len(rows), len(columns), *kernel)).reshape(
        len(rows), len(columns), -1
    )
    inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
    index = np.where(inside, r * width + c, 0)
    flat = x.reshape(*x.shape[:2], height * width)
    return (
        Bounded(
            np.where(inside, flat.value[:, :, index], fill),
            np.where(inside, flat.error[:, :, index], 0.0),
        ),
        inside,
        index,
    )


def summed_at(start: Bounded, places: tuple[NDArray[np.int64], ...], terms: Bounded) -> Bounded:
    """`start` with each term added at its place, the terms of an element in any order."""
    value, carried = start.value.copy(), start.error.copy()
    size = np.abs(start.value) + start.error
    count = np.zeros(start.shape, np.int64)
    np.add.at(value, places, terms.value)
    np.add.at(carried, places, terms.error)
    np.add.at(size, places, np.abs(terms.value) + terms.error)
    np.add.at(count, places, 1)
    return Bounded(value, carried + np.vectorize(gamma, otypes=[np.float64])(count) * size)


def scatter_windows(gradient: Bounded, index: NDArray[np.int64], shape: Sequence[int]) -> Bounded:
    """The adjoint of `windows`: [N, C, OH, OW, k] summed into [N, C, H, W]; cells outside must be
    zero already.
    """
    n, c, h, w = shape
    flat = index.reshape(-1)
    # One row for each cell that a window touches, so that a product with it sums what belongs to a
    # cell.
    touched = np.zeros((flat.size, h * w))
    touched[np.arange(flat.size), flat] = 1.0
    value, carried, size = (
        (x.reshape(n * c, flat.size) @ touched).reshape(n, c, h, w)
        for x in (gradient.value, gradient.error, np.abs(gradient.value) + gradient.error)
    )
    return Bounded(value, carried + gamma(int(touched.sum(0).max())) * size)
