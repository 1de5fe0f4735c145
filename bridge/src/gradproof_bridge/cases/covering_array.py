"""Training runs in which each two options of training meet: the rows of the repository's covering
array (`suites/train/covering-array`), as torch can train them. `covering_array.json` is generated
from it, and a test there says when it is stale.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.cases.llama_inputs import adapted, codes_of, draw_down, llama_weights
from gradproof_bridge.formulas.llama_names import MAGNITUDE
from gradproof_bridge.philox import Draw

_IGNORED = -100
_TEXTS, _LENGTH = 2, 6
_LINEAR = 0.4


def covering_array() -> Cases:
    """Four steps of each row."""
    text = resources.files(__package__).joinpath("covering_array.json").read_text("utf-8")
    for row in json.loads(text):
        yield Case(row["name"], "train_llama", "transformers", row["params"], _make(row))


def _make(row: dict[str, Any]) -> Make:
    params = row["params"]

    def make(draw: Draw) -> dict[str, Array]:
        weights = llama_weights(draw, params["config"], linear=_LINEAR)
        for name in weights:
            weights[name] *= np.float32(_factor(row, name))
        if params["config"]["tie_word_embeddings"]:
            del weights["lm_head.weight"]
        inputs = {f"base.{name}": x for name, x in weights.items()}
        for module, weight in adapted(params, weights):
            inputs |= codes_of(module, weight, params)
            factor = np.float32(_factor(row, f"{module}.weight"))
            inputs |= {
                f"lora0.{module}.{part}": x if part == "lora_A" else x * factor
                for part, x in _learnt(draw, params, weight)
            }
        return {**inputs, **_texts(draw, params)}

    return make


def _factor(row: dict[str, Any], name: str) -> float:
    """Makes gradients large: by small numbers before the last norm, or by its weight."""
    if name == "model.norm.weight":
        return float(row["last_norm"])
    is_added = name.endswith(("embed_tokens.weight", "o_proj.weight", "down_proj.weight"))
    return float(row["embeddings"]) if is_added else 1.0


def _learnt(draw: Draw, params: dict[str, Any], weight: Array) -> list[tuple[str, Array]]:
    """An adapter that has learnt something; DoRA's magnitudes are not the lengths of the rows."""
    rows = weight.shape[0]
    parts = [
        ("lora_A", draw_down(draw, params["r"], weight)),
        ("lora_B", draw.uniform(rows, params["r"], low=-0.5, high=0.5)),
    ]
    return [
        *parts,
        *([(MAGNITUDE, draw.uniform(rows, low=0.5, high=1.5))] if params.get("use_dora") else []),
    ]


def _texts(draw: Draw, params: dict[str, Any]) -> dict[str, Array]:
    """Texts without a rule, whose last labels ask nothing: in no two micro-batches as many."""
    count = params["steps"] * params["grad_accum"]
    ids = draw.integers(count, _TEXTS, _LENGTH, low=0, high=params["config"]["vocab"] - 1)
    asked = 3 + np.arange(count).reshape(-1, 1, 1) % 3
    labels = np.where(np.arange(_LENGTH) < asked, ids, np.int32(_IGNORED))
    return {"input_ids": ids, "labels": labels}


FAMILIES = (covering_array,)
