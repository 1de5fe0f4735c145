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


def binary_cross_entropies() -> Cases:
    """Without weights, and with both, by one for each column and one for each row."""
    shapes = {"weight": (_SHAPE[0], 1), "pos_weight": (_SHAPE[1],)}
    for name, reduction, weights in (
        ("", "mean", {}),
        ("_pos_weight", "sum", {"pos_weight": shapes["pos_weight"]}),
        ("_weights", "none", shapes),
    ):
        params = {"reduction": reduction}
        make = _logits(params, weights)
        yield Case(f"bce_with_logits{name}", "bce_with_logits", "torch", params, make)


def _logits(params: dict[str, Any], weights: dict[str, tuple[int, ...]]) -> Make:
    return lambda draw: {
        "input": draw.normal(*_SHAPE, scale=4.0),
        "target": draw.uniform(*_SHAPE),
        **{name: draw.uniform(*shape, low=0.5, high=3) for name, shape in weights.items()},
        "grad.loss": _incoming(draw, params),
    }


def cross_entropies_of_probabilities() -> Cases:
    """Each reduction, smoothed and weighted, of rows and of pixels."""
    op = "cross_entropy_prob_target"
    settings: tuple[tuple[str, dict[str, Any], tuple[int, ...], tuple[int, ...]], ...] = (
        ("mean", {}, (6, 19), ()),
        ("weighted_smoothed", {"label_smoothing": 0.2, "reduction": "sum"}, (8, 5), (5,)),
        ("pixels", {"reduction": "none"}, (2, 4, 3, 3), (4,)),
    )
    for name, params, shape, weight in settings:
        make = _probabilities(params, shape, weight)
        yield Case(f"{op}_{name}", op, "torch", params, make)


def _probabilities(params: dict[str, Any], shape: tuple[int, ...], weight: tuple[int, ...]) -> Make:
    rows = (shape[0], *shape[2:]) if params.get("reduction") == "none" else (1,)

    def make(draw: Draw) -> dict[str, Array]:
        shares = draw.uniform(*shape, low=0.1, high=1)
        return {
            "logits": draw.normal(*shape, scale=3.0),
            "target": (shares / shares.sum(1, keepdims=True)).astype(np.float32),
            **({"weight": draw.uniform(*weight, low=0.2, high=2)} if weight else {}),
            "grad.loss": draw.normal(*rows),
        }

    return make


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


FAMILIES = (losses_of_pairs, binary_cross_entropies, cross_entropies_of_probabilities)
