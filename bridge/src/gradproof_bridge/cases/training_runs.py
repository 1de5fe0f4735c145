"""Schedules of the learning rate, and whole training runs of a tiny Llama."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.cases.llama_inputs import llama_inputs, llama_weights
from gradproof_bridge.philox import Draw

_CONFIG = {
    "vocab": 64,
    "hidden": 64,
    "intermediate": 128,
    "layers": 2,
    "heads": 4,
    "kv_heads": 2,
    "rms_eps": 1e-5,
    "rope_theta": 10000.0,
}
_BASE: dict[str, Any] = {
    "config": _CONFIG,
    "optimizer": "adamw",
    "betas": [0.9, 0.999],
    "eps": 1e-8,
    "weight_decay": 0.01,
    "clip": 1.0,
    "grad_accum": 1,
    "compute_dtype": "float32",
    "schedule": {"name": "cosine", "warmup": 2, "total": 10},
    "steps": 10,
}
_LORA = {"r": 4, "alpha": 8, "targets": "all linear", "use_dora": False}
_NF4 = {"quant": {"quant_type": "nf4", "blocksize": 64, "compress_statistics": True}}
_FP4 = {"quant": {"quant_type": "fp4", "blocksize": 64, "compress_statistics": True}}
_SMALL = {
    "config": {**_CONFIG, "layers": 1},
    "schedule": {"name": "linear", "warmup": 1, "total": 10},
}


_LONG: dict[str, dict[str, Any]] = {
    "constant": {},
    "linear": {},
    "cosine": {},
    "cosine_with_restarts": {"num_cycles": 3},
    "cosine_with_min_lr": {"min_lr_rate": 0.1},
    "cosine_with_min_lr:absolute": {"min_lr": 2e-4, "num_cycles": 0.75},
    "polynomial": {},
    "polynomial:power_2.5": {"power": 2.5, "lr_end": 1e-5},
    "inverse_sqrt": {},
    "inverse_sqrt:timescale_400": {"timescale": 400},
    "exponential": {"gamma": 0.997},
    "warmup_stable_decay": {"num_decay_steps": 300},
    "warmup_stable_decay:1-sqrt": {
        "num_decay_steps": 300,
        "num_stable_steps": 550,
        "warmup_type": "1-sqrt",
        "decay_type": "1-sqrt",
        "min_lr_ratio": 0.1,
    },
}
"""Schedules of whole runs of 1000 steps, with what is their own."""


def schedules() -> Cases:
    """Constant, linear and cosine, with and without warm-up, and a cosine that comes back; runs of
    1000 steps by each schedule that there is.
    """
    for name, warmup, total in (
        ("constant", 3, 10),
        ("linear", 4, 20),
        ("cosine", 3, 20),
        ("cosine", 0, 7),
        ("linear", 0, 5),
    ):
        yield _schedule(
            f"lr_{name}_{warmup}_{total}", {"name": name, "warmup": warmup, "total": total}
        )
    yield _schedule(
        "lr_cosine_5_24_cycles_1.5", {"name": "cosine", "warmup": 5, "total": 24, "num_cycles": 1.5}
    )
    for name, own in _LONG.items():
        schedule = name.partition(":")[0]
        suffix = name.replace(":", "_")
        params = {"name": schedule, "warmup": 100, "total": 1000, **own}
        yield _schedule(f"lr_{suffix}_100_1000", params)


def _schedule(name: str, params: dict[str, Any]) -> Case:
    return Case(name, "lr_schedule", "transformers", {"base_lr": 1e-3, **params}, lambda _: {})


def training_runs() -> Cases:
    """Full fine-tuning, LoRA, QLoRA, QLoRA with DoRA; of one block rank-stabilised LoRA on
    attention alone, and QLoRA in FP4.
    """
    settings: list[tuple[str, dict[str, Any]]] = [
        ("full", {"mode": "full", "lr": 3e-3}),
        ("lora", {"mode": "lora", "lr": 1e-2, **_LORA}),
        ("qlora_nf4", {"mode": "qlora", "lr": 1e-2, **_LORA, **_NF4}),
        ("qlora_nf4_dora", {"mode": "qlora", "lr": 1e-2, **_LORA, "use_dora": True, **_NF4}),
        (
            "rslora_attention",
            {
                "mode": "lora",
                "lr": 1e-2,
                **_LORA,
                "use_rslora": True,
                "targets": ["q_proj", "v_proj"],
                **_SMALL,
            },
        ),
        ("qlora_fp4", {"mode": "qlora", "lr": 1e-2, **_LORA, **_FP4, **_SMALL}),
    ]
    for name, params in settings:
        yield Case(
            f"llama_{name}",
            "train_llama",
            "transformers",
            {**_BASE, **params},
            _run({**_BASE, **params}),
        )


def _run(params: dict[str, Any]) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = llama_inputs(draw, params, llama_weights(draw, params["config"]))
        ids = text(draw, params["steps"], 2, 16, vocab=params["config"]["vocab"])
        return {**inputs, "input_ids": ids, "labels": ids}

    return make


def text(draw: Draw, steps: int, batch: int, length: int, *, vocab: int) -> Array:
    """Sequences that can be learnt: each token follows from the one before by a fixed rule, but for
    some.
    """
    last = vocab - 1
    ids = np.zeros((steps, batch, length), np.int32)
    ids[..., 0] = draw.integers(steps, batch, low=0, high=last)
    surprise, other = (
        draw.bits(steps, batch, length, share=0.1),
        draw.integers(steps, batch, length, low=0, high=last),
    )
    for i in range(1, length):
        follows = (ids[..., i - 1] * 5 + 7) % vocab
        ids[..., i] = np.where(surprise[..., i] == 1, other[..., i], follows)
    return ids


FAMILIES = (schedules, training_runs)
