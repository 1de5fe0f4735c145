"""Training runs of tiny Llamas whose right ones part, with moments in 8 bits or products in halves:
what stood before single steps of 20 is recorded too, and of 200.
"""

from __future__ import annotations

from typing import Any

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.cases.training_modes import run_of
from gradproof_bridge.formulas.llama_params import IN_8_BITS
from gradproof_bridge.philox import Draw

_CONFIG: dict[str, Any] = {
    "vocab": 17,
    "hidden": 8,
    "intermediate": 12,
    "layers": 1,
    "heads": 2,
    "kv_heads": 1,
    "rms_eps": 1e-5,
    "rope_theta": 10000.0,
}
_TIED = {**_CONFIG, "tie_word_embeddings": True}
_LORA: dict[str, Any] = {
    "mode": "lora",
    "r": 3,
    "alpha": 6,
    "targets": ["q_proj", "v_proj"],
    "lr": 1e-2,
}
_RSLORA = {**_LORA, "mode": "rslora"}
_DORA = {**_LORA, "use_dora": True}
_FULL = {"mode": "full", "lr": 2e-3, "config": _TIED}
_NF4: dict[str, Any] = {
    **_LORA,
    "mode": "qlora",
    "r": 2,
    "alpha": 4,
    "targets": ["q_proj", "down_proj"],
    "quant": {"quant_type": "nf4", "blocksize": 32, "compress_statistics": True},
}
_FP4 = {**_NF4, "quant": {**_NF4["quant"], "quant_type": "fp4"}}
_BY_ROWS = {"quant": {"nbits": 4, "group_size": 16, "axis": 1}}
_BY_COLUMNS = {"quant": {"nbits": 3, "group_size": 32, "axis": 0}}
_IN_8_BITS: dict[str, Any] = {"optimizer": IN_8_BITS, "min_8bit_size": 0}
_BFLOAT16 = {"compute_dtype": "bfloat16"}
_FLOAT16: dict[str, Any] = {
    "compute_dtype": "float16",
    "grad_scaler": {"init_scale": 1024.0, "growth_interval": 4},
}
# So that in 200 steps the scale keeps away from where gradients overflow.
_SELDOM_GROWING = {"grad_scaler": {**_FLOAT16["grad_scaler"], "growth_interval": 40}}
_OVERFLOWING = {**_FLOAT16, "grad_scaler": {"init_scale": 2.0**24, "growth_interval": 3}}
# By the state before the eleventh step the outcome of the tenth is judged, moments and all.
_WITH_OUTCOME = {"state_steps": [1, 10, 11, 20]}
_SGD: dict[str, Any] = {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "lr": 5e-2}


def _by(name: str, warmup: int = 2, **own: float) -> dict[str, Any]:
    return {"schedule": {"name": name, "warmup": warmup, "total": 24, **own}}


_SHORT: dict[str, dict[str, Any]] = {
    "lora_8bit_accumulated": {
        **_LORA,
        **_IN_8_BITS,
        **_WITH_OUTCOME,
        "grad_accum": 2,
        **_by("cosine_with_restarts", num_cycles=2),
    },
    # The smallest of its parameters keeps its moments in float32.
    "rslora_8bit_mixed": {**_RSLORA, **_IN_8_BITS, "min_8bit_size": 20, **_by("polynomial")},
    "dora_8bit_bf16": {**_DORA, **_IN_8_BITS, **_BFLOAT16, **_by("cosine")},
    "hqq_lora_8bit": {
        **_LORA,
        "mode": "hqq_lora",
        **_BY_ROWS,
        **_IN_8_BITS,
        **_WITH_OUTCOME,
        **_by("inverse_sqrt"),
    },
    "bnb_dora_8bit_fp16_scaled": {
        **_NF4,
        "mode": "bnb_dora",
        **_IN_8_BITS,
        **_FLOAT16,
        **_WITH_OUTCOME,
        **_by("exponential", gamma=0.9),
    },
    "full_bf16_mean_of_batches": {
        **_FULL,
        **_BFLOAT16,
        "optimizer": "adam",
        "grad_accum": 2,
        "accum_mean": "batch",
        "state_steps": [1, 20],
        **_by("warmup_stable_decay", num_decay_steps=8),
    },
    "qlora_fp4_bf16": {**_FP4, **_BFLOAT16, **_by("linear", warmup=0)},
    "hqq_dora_bf16": {
        **_DORA,
        "mode": "hqq_dora",
        **_BY_COLUMNS,
        **_BFLOAT16,
        **_by("cosine_with_min_lr", min_lr_rate=0.1),
    },
    "rslora_bf16_sgd": {**_RSLORA, **_BFLOAT16, **_SGD, **_by("constant")},
    # Its ninth step is left out.
    "lora_8bit_fp16_overflow": {
        **_LORA,
        **_IN_8_BITS,
        **_OVERFLOWING,
        "state_steps": [1, 9, 10, 20],
        **_by("linear"),
    },
    "qlora_fp16_scaled": {**_NF4, **_FLOAT16, "grad_accum": 2, "clip": None, **_by("cosine")},
    "dora_fp16_scaled": {**_DORA, **_FLOAT16, **_WITH_OUTCOME, **_by("linear", warmup=0)},
    "hqq_lora_fp16_scaled_sgd": {
        **_LORA,
        "mode": "hqq_lora",
        **_BY_ROWS,
        **_FLOAT16,
        **_SGD,
        **_by("polynomial", power=2.5),
    },
}
_LONG: dict[str, dict[str, Any]] = {
    "qlora_8bit_200_steps": {**_NF4, **_IN_8_BITS},
    "dora_bf16_200_steps": {**_DORA, **_BFLOAT16},
    "lora_fp16_scaled_200_steps": {**_LORA, **_FLOAT16, **_SELDOM_GROWING},
}
_OF_LONG: dict[str, Any] = {
    "schedule": {"name": "cosine", "warmup": 10, "total": 220},
    "steps": 200,
    "state_steps": [1, 10, 20, 100, 200],
}


def training_states() -> Cases:
    """Short runs and long ones; the last state of each leads to what was trained."""
    for name, own in _SHORT.items():
        yield _case(name, {"steps": 20, "state_steps": [1, 10, 20], **own})
    for name, own in _LONG.items():
        yield _case(name, {**own, **_OF_LONG})


def _case(name: str, own: dict[str, Any]) -> Case:
    common = {"config": _CONFIG, "compute_dtype": "float32", "clip": 1.0}
    params = {key: x for key, x in {**common, **own}.items() if x is not None}
    make = _codes_alone(run_of(params, length=6))
    return Case(f"llama_{name}", "train_llama", "transformers", params, make)


def _codes_alone(make: Make) -> Make:
    """Without the weights that are there as codes."""

    def made(draw: Draw) -> dict[str, Array]:
        inputs = make(draw)
        coded = {name.rpartition(".")[0] for name in inputs if name.startswith("q.")}
        return {
            name: x
            for name, x in inputs.items()
            if f"q.{name.removeprefix('base.').removesuffix('.weight')}" not in coded
        }

    return made


FAMILIES = (training_states,)
