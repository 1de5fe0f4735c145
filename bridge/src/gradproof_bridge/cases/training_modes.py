"""Whole training runs of tiny Llamas in every mode that PEFT, bitsandbytes and HQQ have, with moments in
8 bits, with products in halves, and two of 200 steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.cases.llama_inputs import draw_learnt, llama_inputs, llama_weights
from gradproof_bridge.cases.training_runs import text
from gradproof_bridge.formulas.llama_params import IN_8_BITS
from gradproof_bridge.philox import Draw

_TWO_BLOCKS: dict[str, Any] = {
    "vocab": 67,
    "hidden": 32,
    "intermediate": 48,
    "layers": 2,
    "heads": 4,
    "kv_heads": 2,
    "rms_eps": 1e-5,
    "rope_theta": 10000.0,
}
_ONE_BLOCK = {**_TWO_BLOCKS, "layers": 1}
_NARROW = {**_ONE_BLOCK, "hidden": 16, "intermediate": 24, "vocab": 29}
# bitsandbytes decodes narrower ones wrong on CPUs with AVX512: their rows are no whole blocks.
_WIDE = {**_ONE_BLOCK, "hidden": 64, "intermediate": 32, "vocab": 29}
_TIED = {**_NARROW, "tie_word_embeddings": True}
_ADAPTER: dict[str, Any] = {"r": 4, "alpha": 8, "targets": "all linear"}
_ATTENTION: dict[str, Any] = {"r": 3, "alpha": 6, "targets": ["q_proj", "v_proj"]}
_NF4 = {"quant": {"quant_type": "nf4", "blocksize": 64, "compress_statistics": True}}
_BY_ROWS = {"quant": {"nbits": 4, "group_size": 16, "axis": 1}}
_BY_COLUMNS = {"quant": {"nbits": 3, "group_size": 32, "axis": 0}}
_IN_8_BITS: dict[str, Any] = {"optimizer": IN_8_BITS, "min_8bit_size": 0}
_COSINE = {"schedule": {"name": "cosine", "warmup": 2, "total": 12}}
_LINEAR = {"schedule": {"name": "linear", "warmup": 0, "total": 25}}
_LONG: dict[str, Any] = {"schedule": {"name": "cosine", "warmup": 10, "total": 220}, "steps": 200}
_WARM = {"schedule": {"name": "constant", "warmup": 3}}
_SCALED = {"grad_scaler": {"init_scale": 1024.0, "growth_interval": 4}}

_RUNS: dict[str, dict[str, Any]] = {
    "dora_attention": {
        "mode": "lora",
        "lr": 1e-2,
        "config": _TWO_BLOCKS,
        **_ATTENTION,
        "use_dora": True,
        **_COSINE,
    },
    "rslora_named": {"mode": "rslora", "lr": 5e-3, **_ATTENTION, "clip": None, **_WARM},
    "custom_lora": {"mode": "custom_lora", "lr": 1e-2, **_ADAPTER, **_LINEAR, "steps": 12},
    "custom_qlora": {
        "mode": "custom_qlora",
        "lr": 1e-2,
        **_ATTENTION,
        **_NF4,
        "config": _WIDE,
        **_COSINE,
    },
    "bnb_dora": {"mode": "bnb_dora", "lr": 1e-2, **_ATTENTION, **_NF4, "config": _WIDE, **_LINEAR},
    "hqq_lora": {"mode": "hqq_lora", "lr": 1e-2, **_ATTENTION, **_BY_ROWS, **_COSINE},
    "hqq_dora": {"mode": "hqq_dora", "lr": 1e-2, **_ATTENTION, **_BY_COLUMNS, **_WARM},
    "tied_unclipped": {"mode": "full", "lr": 2e-3, "config": _TIED, "clip": None, **_LINEAR},
    "accumulated": {"mode": "lora", "lr": 1e-2, **_ATTENTION, "grad_accum": 3, "steps": 6},
    "mean_of_batches": {
        "mode": "lora",
        "lr": 1e-2,
        **_ATTENTION,
        "grad_accum": 2,
        "accum_mean": "batch",
        "steps": 6,
    },
    "sgd_full": {
        "mode": "full",
        "lr": 5e-2,
        "optimizer": "sgd",
        "momentum": 0.9,
        "config": _NARROW,
        **_LINEAR,
    },
    "full_8bit": {
        "mode": "full",
        "lr": 2e-3,
        "config": _NARROW,
        **_IN_8_BITS,
        **_COSINE,
        "state_steps": [1, 2, 10],
    },
    "qlora_8bit": {
        "mode": "qlora",
        "lr": 5e-3,
        **_ATTENTION,
        **_NF4,
        "config": _WIDE,
        **_IN_8_BITS,
        **_LINEAR,
        "steps": 25,
        "state_steps": [1, 10, 20, 25],
    },
    "dora_bf16": {
        "mode": "lora",
        "config": _TWO_BLOCKS,
        "lr": 1e-2,
        **_ATTENTION,
        "use_dora": True,
        "compute_dtype": "bfloat16",
        **_COSINE,
        "state_steps": [1, 10],
    },
    "lora_fp16_scaled": {
        "mode": "lora",
        "lr": 1e-2,
        **_ATTENTION,
        "compute_dtype": "float16",
        **_SCALED,
        **_LINEAR,
        "steps": 12,
        "state_steps": [1, 2, 12],
    },
    "full_200_steps": {
        "mode": "full",
        "lr": 2e-3,
        "config": _NARROW,
        **_LONG,
    },
    "qlora_200_steps": {
        "mode": "qlora",
        "lr": 1e-2,
        **_ATTENTION,
        **_NF4,
        "config": _WIDE,
        **_LONG,
    },
}


def training_modes() -> Cases:
    """Each with what is its own: schedule, clipping, accumulation, optimizer, and what it keeps."""
    for name, own in _RUNS.items():
        common = {"config": _ONE_BLOCK, "compute_dtype": "float32", "clip": 1.0, "steps": 10}
        params = {key: x for key, x in {**common, **own}.items() if x is not None}
        yield Case(f"llama_{name}", "train_llama", "transformers", params, run_of(params))


def run_of(params: dict[str, Any], length: int = 12, coded: Iterable[str] = ()) -> Make:
    """What such a run begins with: weights, adapters, and texts of `length` tokens that can be learnt;
    the linears in `coded` are quantized whether they have an adapter or not.
    """

    def make(draw: Draw) -> dict[str, Array]:
        config = params["config"]
        weights = llama_weights(draw, config)
        if config.get("tie_word_embeddings"):
            del weights["lm_head.weight"]
        inputs = llama_inputs(draw, params, weights, coded)
        if params.get("use_dora"):
            inputs |= draw_learnt(draw, inputs)
        count = params["steps"] * params.get("grad_accum", 1)
        ids = text(draw, count, 2, length, vocab=config["vocab"])
        labels = ids
        if params.get("grad_accum", 1) > 1:
            # Micro-batches ask for unequal numbers of labels.
            asked = 4 + np.arange(count).reshape(-1, 1, 1) % 5
            labels = np.where(np.arange(length) < asked, ids, np.int32(-100))
        return {**inputs, "input_ids": ids, "labels": labels}

    return make


FAMILIES = (training_modes,)
