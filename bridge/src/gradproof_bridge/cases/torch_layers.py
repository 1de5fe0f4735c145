"""Layers and losses, with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make, shape_name
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]
_ONEDNN = "on CPUs with AVX512 torch has oneDNN compute gelu, whose 1 + erf is up to 6 units of 2^-23 off: out.y is the library's own value"


def layers(library: str = "torch") -> Cases:
    """Softmaxes, norms, activations."""
    for op in ("softmax", "log_softmax"):
        for shape, axis in (
            ((5, 37), -1),
            ((1, 1), -1),
            ((4, 9, 3), 1),
            ((7, 5), 0),
            ((2, 1025), -1),
        ):
            yield Case(
                f"{op}_{shape_name(*shape)}_axis{axis}", op, library, {"axis": axis}, _x(shape)
            )
        yield Case(f"{op}_wide_range", op, library, {"axis": -1}, _x((3, 64), scale=30))
    for op, eps in (("rms_norm", 1e-6), ("layer_norm", 1e-5)):
        for shape in ((6, 64), (2, 3, 37), (1, 1), (3, 1000)):
            yield Case(
                f"{op}_{shape_name(*shape)}",
                op,
                library,
                {"eps": eps},
                _norm(shape, 1, bias=op == "layer_norm"),
            )
        yield Case(
            f"{op}_small_values",
            op,
            library,
            {"eps": eps},
            _norm((5, 48), 1, bias=False, scale=0.01),
        )
        yield Case(
            f"{op}_two_axes", op, library, {"eps": eps, "axis": -2}, _norm((3, 4, 7), 2, bias=False)
        )
    batches: tuple[Shape, ...] = ((4, 3), (2, 5, 3, 4))
    for batch in batches:
        for training in (False, True):
            params = {"training": training, "momentum": 0.1, "eps": 1e-5}
            yield Case(
                f"batch_norm_{shape_name(*batch)}_{'training' if training else 'eval'}",
                "batch_norm",
                library,
                params,
                _batch(batch),
            )
    activations: list[tuple[str, dict[str, Any]]] = [
        ("relu", {}),
        ("silu", {}),
        ("sigmoid", {}),
        ("gelu", {"approximate": "none"}),
        ("gelu", {"approximate": "tanh"}),
    ]
    for op, params in activations:
        suffix = f"_{params['approximate']}" if params else ""
        note = _ONEDNN if suffix == "_none" else None
        yield Case(f"{op}{suffix}_5x37", op, library, params, _x((5, 37), scale=2), note)
        yield Case(f"{op}{suffix}_wide_range", op, library, params, _x((257,), scale=12), note)


def _x(shape: Shape, scale: float = 3.0) -> Make:
    return lambda draw: {"x": draw.normal(*shape, scale=scale), "grad.y": draw.normal(*shape)}


def _norm(shape: Shape, axes: int, *, bias: bool, scale: float = 1.0) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = {
            "x": draw.normal(*shape, scale=scale),
            "weight": 1 + draw.normal(*shape[-axes:], scale=0.2),
        }
        if bias:
            inputs["bias"] = draw.normal(*shape[-axes:], scale=0.2)
        return {**inputs, "grad.y": draw.normal(*shape)}

    return make


def _batch(shape: Shape) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        c = shape[1]
        return {
            "x": draw.normal(*shape),
            "weight": 1 + draw.normal(c, scale=0.2),
            "bias": draw.normal(c, scale=0.2),
            "running_mean": draw.normal(c, scale=0.5),
            "running_var": draw.uniform(c, low=0.5, high=2),
            "grad.y": draw.normal(*shape),
        }

    return make


def embeddings_and_losses() -> Cases:
    """Embedding, cross-entropy and negative log-likelihood."""
    for rows, width, ids in ((11, 8, (2, 5)), (3, 1, (7,)), (100, 33, (2, 3, 4))):
        yield Case(
            f"embedding_{rows}x{width}", "embedding", "torch", {}, _embedding(rows, width, ids)
        )
    yield Case(
        "embedding_padding", "embedding", "torch", {"padding_idx": -2}, _embedding(5, 3, (4, 6))
    )
    settings: list[tuple[str, dict[str, Any], Shape, bool]] = [
        ("mean", {}, (6, 19), False),
        ("sum", {"reduction": "sum"}, (6, 19), False),
        ("none", {"reduction": "none"}, (6, 19), False),
        ("smoothed", {"label_smoothing": 0.1}, (5, 33), False),
        ("weighted", {}, (8, 5), True),
        ("weighted_smoothed", {"label_smoothing": 0.2, "reduction": "sum"}, (8, 5), True),
        ("pixels", {}, (2, 4, 3, 3), False),
        ("ignore_7", {"ignore_index": 7}, (9, 8), False),
        ("large_vocabulary", {}, (3, 4099), False),
        ("shifted", {"shift": True}, (2, 9, 31), False),
    ]
    for name, params, shape, weighted in settings:
        made = _cross_entropy(shape, params, weighted=weighted)
        yield Case(f"cross_entropy_{name}", "cross_entropy", "torch", params, made)
    for name, params, shape, weighted in settings[:3] + settings[6:8]:
        yield Case(
            f"nll_loss_{name}", "nll_loss", "torch", params, _nll(shape, params, weighted=weighted)
        )


def _embedding(rows: int, width: int, ids: Shape) -> Make:
    return lambda draw: {
        "weight": draw.normal(rows, width),
        "ids": draw.integers(*ids, low=0, high=rows - 1),
        "grad.y": draw.normal(*ids, width),
    }


def _labels(draw: Draw, shape: Shape, params: dict[str, Any]) -> Array:
    shift = params.get("shift", False)
    classes, kept = (shape[-1], shape[:-1]) if shift else (shape[1], (shape[0], *shape[2:]))
    labels = draw.integers(*kept, low=0, high=classes - 1)
    ignored = draw.bits(*kept, share=0.2).astype(bool)
    return np.where(ignored, params.get("ignore_index", -100), labels).astype(np.int32)


def _grad(draw: Draw, labels: Array, params: dict[str, Any]) -> Array:
    if params.get("reduction") == "none":
        return draw.normal(*labels.shape)
    return draw.uniform(1, low=0.5, high=1.5)


def _cross_entropy(shape: Shape, params: dict[str, Any], *, weighted: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        labels = _labels(draw, shape, params)
        inputs = {"logits": draw.normal(*shape, scale=3), "labels": labels}
        if weighted:
            inputs["weight"] = draw.uniform(shape[1], low=0.2, high=2)
        return {**inputs, "grad.loss": _grad(draw, labels, params)}

    return make


def _nll(shape: Shape, params: dict[str, Any], *, weighted: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        labels = _labels(draw, shape, params)
        inputs = {"log_probs": -draw.uniform(*shape, low=0.1, high=5), "labels": labels}
        if weighted:
            inputs["weight"] = draw.uniform(shape[1], low=0.2, high=2)
        return {**inputs, "grad.loss": _grad(draw, labels, params)}

    return make


FAMILIES = (layers, embeddings_and_losses)
