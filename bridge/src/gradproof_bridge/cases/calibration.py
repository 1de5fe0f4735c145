"""Calibration of 8-bit codes by torch.ao's observers."""

from __future__ import annotations

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw


def observers() -> Cases:
    """Of a tensor and of channels, of a first batch and of later ones, widened and averaged."""
    settings: tuple[tuple[str, tuple[int, ...], Params, int], ...] = (
        ("first", (5, 37), {}, 0),
        ("later", (5, 37), {}, 1),
        ("channels", (3, 9, 7), {"ch_axis": 1}, 0),
        ("channels_later", (9, 33), {"ch_axis": -1}, 33),
        ("average", (5, 37), {"averaging_constant": 0.01}, 1),
        ("average_channels", (13, 6), {"ch_axis": 0, "averaging_constant": 0.25}, 13),
    )
    for name, shape, params, seen in settings:
        yield Case(
            f"minmax_observer_{name}", "minmax_observer", "torch", params, _batch(shape, seen)
        )


def _batch(shape: tuple[int, ...], seen: int) -> Make:
    return lambda draw: {"x": draw.normal(*shape), **(_ranges(draw, seen) if seen else {})}


def _ranges(draw: Draw, n: int) -> dict[str, Array]:
    return {"min_val": -abs(draw.normal(n)), "max_val": abs(draw.normal(n, scale=2.0))}


def qparams() -> Cases:
    """Both types and schemes, with 7 and with 8 bits."""
    for dtype in ("quint8", "qint8"):
        for scheme in ("affine", "symmetric"):
            # torch has no symmetric quint8 of 7 bits.
            narrow = (False,) if (dtype, scheme) == ("quint8", "symmetric") else (False, True)
            for reduced in narrow:
                params = {"dtype": dtype, "qscheme": scheme, "reduce_range": reduced}
                name = f"calculate_qparams_{dtype}_{scheme}{'_reduced' if reduced else ''}"
                yield Case(
                    name, "calculate_qparams", "torch", params, lambda draw: _ranges(draw, 37)
                )
    yield Case(
        "calculate_qparams_one", "calculate_qparams", "torch", {}, lambda draw: _ranges(draw, 1)
    )
    yield Case("calculate_qparams_as_wide", "calculate_qparams", "torch", {}, _as_wide)
    yield Case("calculate_qparams_one_side", "calculate_qparams", "torch", {}, _one_side)


def _as_wide(draw: Draw) -> dict[str, Array]:
    most = abs(draw.normal(41))
    return {"min_val": -most, "max_val": most}


def _one_side(draw: Draw) -> dict[str, Array]:
    """Ranges above 0."""
    least = abs(draw.normal(3))
    return {"min_val": least, "max_val": least + abs(draw.normal(3))}


def least_squares() -> Cases:
    """Ranges that are worth shrinking: numpy alone searches them by squares."""
    for name, shape, params in (
        ("tensor", (9, 67), {}),
        ("channels", (7, 80), {"ch_axis": 0, "dtype": "qint8", "qscheme": "symmetric"}),
        ("coarse", (5, 30, 3), {"ch_axis": 1, "grid": 20, "maxshrink": 0.5}),
    ):
        yield Case(f"mse_observer_{name}", "mse_observer", "numpy", params, _tailed(shape))


def _tailed(shape: tuple[int, ...]) -> Make:
    """Numbers with a heavy tail."""
    return lambda draw: {"x": draw.normal(*shape) ** 3}


FAMILIES = (observers, qparams, least_squares)
