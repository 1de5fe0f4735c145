"""PEFT: LoRA, rank-stabilised LoRA and DoRA, on dense and on 4-bit weights, with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.formulas.registry import expect
from gradproof_bridge.philox import Draw


def lora() -> Cases:
    """lora_linear on every base, with each kind of scale."""
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("lora", {"r": 8, "alpha": 16}),
        ("rslora", {"r": 8, "alpha": 16, "use_rslora": True}),
        ("dora", {"r": 4, "alpha": 8, "use_dora": True}),
        ("rank_1", {"r": 1, "alpha": 2}),
    ]
    for kind, params in kinds:
        for base in ("dense", "nf4", "fp4"):
            chosen = {**params, "base": base, **({} if base == "dense" else {"blocksize": 64})}
            yield Case(
                f"{kind}_{base}",
                "lora_linear",
                "peft",
                chosen,
                _lora(chosen, 2, 5, 64, 48, bias=kind == "lora"),
            )
    odd = {"r": 3, "alpha": 7, "base": "dense"}
    yield Case(
        "lora_dense_odd_shape", "lora_linear", "peft", odd, _lora(odd, 1, 3, 37, 29, bias=False)
    )
    wide = {"r": 16, "alpha": 16, "base": "nf4", "blocksize": 128}
    yield Case("lora_nf4_bs128", "lora_linear", "peft", wide, _lora(wide, 1, 4, 128, 32, bias=True))


def _lora(
    params: dict[str, Any], batch: int, tokens: int, columns: int, rows: int, *, bias: bool
) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        weight = draw.normal(rows, columns, scale=0.1)
        inputs = {
            "x": draw.normal(batch, tokens, columns),
            "lora_A": draw.normal(params["r"], columns, scale=0.2),
            "lora_B": draw.normal(rows, params["r"], scale=0.2),
            "grad.y": draw.normal(batch, tokens, rows),
        }
        if params["base"] == "dense":
            inputs["weight"] = weight
        else:
            inputs |= quantized(weight, params["base"], params["blocksize"])
        if bias:
            inputs["bias"] = draw.normal(rows)
        if params.get("use_dora"):
            inputs["magnitude"] = draw.uniform(rows, low=0.5, high=1.5)
        return inputs

    return make


def quantized(
    weight: Array, quant_type: str, blocksize: int, *, double: bool = False
) -> dict[str, Array]:
    """Codes and scales of a weight by the formula, so that the inputs of a case need no library."""
    nested = {"compress_statistics": True, "nested_rounding": "lut16"} if double else {}
    params = op_spec("quantize_4bit").fill(
        {"quant_type": quant_type, "blocksize": blocksize, **nested}
    )
    found = expect("quantize_4bit", {"weight": weight}, params)
    return {name: y.stored(np.dtype(np.float32)) for name, y in found.items() if name != "dequant"}


FAMILIES = (lora,)
