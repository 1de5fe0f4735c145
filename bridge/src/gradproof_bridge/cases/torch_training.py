"""Optimizers, clipping and loss scaling."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw


def optimizers() -> Cases:
    """Optimizers from a fresh state, which is in halves where the parameter is."""
    settings: list[tuple[str, dict[str, Any]]] = [
        (
            "adamw",
            {
                "optimizer": "adamw",
                "lr": 1e-2,
                "betas": [0.9, 0.999],
                "eps": 1e-8,
                "weight_decay": 0.1,
            },
        ),
        (
            "adamw_no_decay",
            {
                "optimizer": "adamw",
                "lr": 3e-3,
                "betas": [0.9, 0.95],
                "eps": 1e-6,
                "weight_decay": 0.0,
            },
        ),
        (
            "adam",
            {
                "optimizer": "adam",
                "lr": 1e-2,
                "betas": [0.9, 0.999],
                "eps": 1e-8,
                "weight_decay": 0.0,
            },
        ),
        (
            "adam_decay",
            {
                "optimizer": "adam",
                "lr": 1e-2,
                "betas": [0.8, 0.99],
                "eps": 1e-8,
                "weight_decay": 0.05,
            },
        ),
        ("sgd", {"optimizer": "sgd", "lr": 0.1}),
        ("sgd_momentum", {"optimizer": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}),
        ("sgd_nesterov", {"optimizer": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True}),
        ("sgd_dampening", {"optimizer": "sgd", "lr": 0.05, "momentum": 0.9, "dampening": 0.5}),
    ]
    for name, params in settings:
        yield Case(f"optimizer_{name}", "optimizer_steps", "torch", params, _steps(8, 7, 15))
    for name, params in settings + _OTHERS:
        for dtype in ("f16", "bf16"):
            if name in _IN_HALVES:
                yield Case(
                    f"optimizer_{name}_{dtype}",
                    "optimizer_steps",
                    "torch",
                    params,
                    _steps(6, 5, 7, dtype=dtype),
                )
    for name, params in _OTHERS:
        yield Case(f"optimizer_{name}", "optimizer_steps", "torch", params, _steps(7, 5, 7))
    for name, params, shape in _OF_MATRICES:
        yield Case(f"optimizer_{name}", "optimizer_steps", "torch", params, _steps(4, *shape))
    yield Case(
        "optimizer_adamw_zero_gradients", "optimizer_steps", "torch", settings[0][1], _with_zeros
    )


# Every optimizer with torch's defaults, and with every option.
_OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("sgd_maximize", {"optimizer": "sgd", "lr": 0.05, "maximize": True}),
    ("adam_amsgrad", {"optimizer": "adam", "betas": [0.8, 0.6], "amsgrad": True}),
    (
        "adamw_amsgrad",
        {"optimizer": "adamw", "lr": 1e-2, "amsgrad": True, "maximize": True, "weight_decay": 0.1},
    ),
    ("adadelta", {"optimizer": "adadelta"}),
    (
        "adadelta_options",
        {
            "optimizer": "adadelta",
            "lr": 0.5,
            "rho": 0.8,
            "eps": 1e-3,
            "weight_decay": 0.1,
            "maximize": True,
        },
    ),
    ("rmsprop", {"optimizer": "rmsprop"}),
    (
        "rmsprop_momentum",
        {"optimizer": "rmsprop", "lr": 1e-3, "momentum": 0.9, "weight_decay": 0.1},
    ),
    (
        "rmsprop_options",
        {
            "optimizer": "rmsprop",
            "alpha": 0.8,
            "eps": 1e-3,
            "momentum": 0.5,
            "centered": True,
            "maximize": True,
        },
    ),
    ("nadam", {"optimizer": "nadam"}),
    (
        "nadam_options",
        {
            "optimizer": "nadam",
            "lr": 1e-2,
            "betas": [0.8, 0.9],
            "eps": 1e-6,
            "weight_decay": 0.1,
            "momentum_decay": 0.1,
            "maximize": True,
        },
    ),
    (
        "nadam_decoupled",
        {"optimizer": "nadam", "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
    ("radam", {"optimizer": "radam"}),
    (
        "radam_options",
        {
            "optimizer": "radam",
            "lr": 1e-2,
            "betas": [0.8, 0.9],
            "eps": 1e-6,
            "weight_decay": 0.1,
            "maximize": True,
        },
    ),
    (
        "radam_decoupled",
        {"optimizer": "radam", "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
]

# Matrices so small that their sums lie beside no middle of two numbers of bfloat16.
_OF_MATRICES: list[tuple[str, dict[str, Any], tuple[int, int]]] = [
    ("muon", {"optimizer": "muon"}, (3, 5)),
    (
        "muon_tall",
        {"optimizer": "muon", "lr": 0.1, "nesterov": False, "weight_decay": 0.5},
        (5, 3),
    ),
    (
        "muon_square",
        {"optimizer": "muon", "lr": 0.1, "momentum": 0.5, "adjust_lr_fn": "match_rms_adamw"},
        (2, 2),
    ),
    (
        "muon_options",
        {
            "optimizer": "muon",
            "lr": 0.1,
            "ns_coefficients": [2.0, -1.5, 0.5],
            "ns_steps": 3,
            "adjust_lr_fn": "spectral_unclamped",
        },
        (2, 7),
    ),
]


# Those that are recorded in halves too.
_IN_HALVES = (
    *("adamw", "adam_decay", "sgd_momentum", "adamw_amsgrad"),
    *("adadelta_options", "rmsprop_momentum", "nadam_options", "radam_options"),
)


def _steps(steps: int, *shape: int, dtype: str = "f32") -> Make:
    return lambda draw: {
        "param": draw.normal(*shape, dtype=dtype),
        "grads": draw.normal(steps, *shape, dtype=dtype),
    }


def _with_zeros(draw: Draw) -> dict[str, Array]:
    """Rows whose gradient is 0 at first: v = 0 happens in LoRA, whose A gets no gradient at step
    one.
    """
    grads = draw.normal(4, 6, 10)
    grads[:2, ::2] = 0
    return {"param": draw.normal(6, 10), "grads": grads}


def control() -> Cases:
    """clip_grad_norm, grad_scaler."""
    for name, max_norm in (("clipped", 1.0), ("kept", 1e4)):
        yield Case(
            f"clip_grad_norm_{name}", "clip_grad_norm", "torch", {"max_norm": max_norm}, _gradients
        )
    scaler = {"init_scale": 1024.0, "growth_interval": 3, "lr": 0.5}
    yield Case("grad_scaler_grows_and_backs_off", "grad_scaler", "torch", scaler, _found_inf)
    yield Case(
        "grad_scaler_factors",
        "grad_scaler",
        "torch",
        {**scaler, "growth_factor": 4.0, "backoff_factor": 0.25},
        _found_inf,
    )


def _gradients(draw: Draw) -> dict[str, Array]:
    return {"g0": draw.normal(5, 7), "g1": draw.normal(33), "g2": draw.normal(1)}


def _found_inf(draw: Draw) -> dict[str, Array]:
    return {"found_inf": np.array([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0], np.int32)}


FAMILIES = (optimizers, control)
