"""Losses of predictions and what they should be, with gradients of both."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw

_SHAPE = (7, 11)


def losses_of_pairs() -> Cases:
    """Each reduction, and the parameters on both sides of where a loss bends."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("mse_loss", {"reduction": "none"}),
        ("mse_loss", {}),
        ("l1_loss", {"reduction": "sum"}),
        ("smooth_l1_loss", {"beta": 0.5}),
        ("smooth_l1_loss", {"beta": 0.0, "reduction": "none"}),
        ("huber_loss", {"delta": 0.7}),
        ("huber_loss", {"reduction": "none"}),
        ("kl_div", {"reduction": "batchmean"}),
        ("kl_div", {"reduction": "none", "log_target": True}),
    )
    for op, params in calls:
        parts = [f"_{key}_{value}" for key, value in params.items()]
        name = f"{op}{''.join(parts)}"
        make = _divergence(params) if op == "kl_div" else _pairs(params)
        yield Case(name, op, "torch", params, make)


def _incoming(draw: Draw, params: dict[str, Any]) -> Array:
    return draw.normal(*(_SHAPE if params.get("reduction") == "none" else (1,)))


def _pairs(params: dict[str, Any]) -> Make:
    return lambda draw: {
        "input": draw.normal(*_SHAPE),
        "target": draw.normal(*_SHAPE),
        "grad.loss": _incoming(draw, params),
    }


def _divergence(params: dict[str, Any]) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        logs = draw.uniform(*_SHAPE, low=-4, high=-0.1)
        target = draw.uniform(*_SHAPE, low=0.05, high=1)
        return {
            "input": logs,
            "target": np.negative(4 * target) if params.get("log_target") else target,
            "grad.loss": _incoming(draw, params),
        }

    return make


FAMILIES = (losses_of_pairs,)
