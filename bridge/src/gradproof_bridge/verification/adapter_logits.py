"""Logits of a model with an adapter: a bundle of `causal_lm_logits` beside it has the weights of the
base and what the model gives with the adapter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.bundle import Bundle, read_bundle
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.errors import FormatError, NotImplementedOpError, named
from gradproof_bridge.formulas.adapter_patterns import pattern_of
from gradproof_bridge.formulas.expected import Expected, Real
from gradproof_bridge.formulas.registry import expect
from gradproof_bridge.verification.check import Check, Verdict

LOGITS = "logits.safetensors"
_PREFIX = "base_model.model."
_UNKNOWN = ("layer_replication", "trainable_token_indices")
"""Fields of adapters whose logits no formula computes."""


def loaded_adapter(model: Any, folder: Path) -> Any:
    """The model with the adapter of a folder, by PEFT. What a task adds, as text to be generated, no
    weight depends on, and a model of linear layers alone has not.
    """
    from peft import PeftConfig, PeftModel

    config = PeftConfig.from_pretrained(str(folder))
    config.task_type = None
    return PeftModel.from_pretrained(model, str(folder), config=config)


def verify_logits(
    name: str, folder: Path, config: Mapping[str, Any], tensors: Mapping[str, Array]
) -> Iterator[Check]:
    """By the formula, of the base with the adapter merged into it; then by transformers and PEFT."""
    what = "logits with the adapter"
    unknown = next((key for key in _UNKNOWN if config.get(key)), None)
    if unknown:
        yield Check(name, what, "not-checked", "the formula", f"it knows no {unknown}")
        return
    try:
        bundle = read_bundle((folder / LOGITS).read_bytes())
        if bundle.op != "causal_lm_logits" or "logits" not in bundle.outputs:
            raise FormatError(f"it is a bundle of {bundle.op}, and none of causal_lm_logits")
        merged = merged_weights(bundle.inputs, config, tensors)
        with np.errstate(all="ignore"):
            own = untied(bundle.params, tensors)
            truth = expect(bundle.op, merged, own)["logits"]
            base = expect(bundle.op, bundle.inputs, bundle.params)["logits"]
        ours = bundle.outputs["logits"]
        _same_shape(ours, truth)
    except FormatError as error:
        yield Check(name, what, "unreadable", "the formula", str(error))
        return
    moved = f"the adapter moves them by {_limits_apart(truth, base):.0f} limits"
    found = truth.judge(ours)
    verdict: Verdict = "agrees" if found is None else "deviates"
    yield Check(name, what, verdict, "the formula", moved if found is None else f"logits{found}")
    transformers = backend_named("transformers")
    if transformers.problem is not None:
        yield Check(name, what, "not-checked", "transformers and PEFT", transformers.lacks)
        return
    by = f"{transformers.producer()} + {backend_named('peft').producer()}"
    try:
        theirs = _by_peft(bundle, folder)
    except (NotImplementedOpError, FormatError) as error:
        yield Check(name, what, "not-checked", by, str(error))
        return
    except Exception as error:  # noqa: BLE001 - whatever PEFT has against the adapter is the finding
        yield Check(name, what, "unreadable", by, named(error))
        return
    wrong = truth.judge(theirs)
    if wrong is not None:
        reason = f"the library itself deviates from the formula: logits{wrong}"
        yield Check(name, what, "not-checked", by, reason)
        return
    share = float(np.abs(ours - theirs).max(initial=0) / np.abs(theirs).max(initial=1e-30))
    yield Check(name, what, verdict, by, f"largest difference {share:.2g} of the largest value")


def merged_weights(
    inputs: Inputs, config: Mapping[str, Any], tensors: Mapping[str, Array]
) -> dict[str, Array]:
    """The inputs of a model with the adapter in its weights, in float64: W + s B A, and s b in its
    biases, with DoRA each row of the length that its magnitude says, and what was trained whole. Raises FormatError for a layer
    that the model lacks.
    """
    merged = {name: np.asarray(x) for name, x in inputs.items()}
    table = merged.get("base.model.embed_tokens.weight")
    if table is not None:
        merged.setdefault("base.lm_head.weight", table)
    merged |= {f"base.{name}": x.astype(np.float64) for name, x in retrained(tensors).items()}
    for name, a in tensors.items():
        found = re.fullmatch(rf"{re.escape(_PREFIX)}(.+)\.lora_(embedding_)?A(\.weight)?", name)
        if not found:
            continue
        module, is_embedding = found[1], found[2] is not None
        at = f"base.{module}.weight"
        if at not in merged:
            raise FormatError(f"the model of {LOGITS} has no in.{at}, which the adapter changes")
        r = pattern_of(config, "rank_pattern", module, config["r"])
        alpha = pattern_of(config, "alpha_pattern", module, config.get("lora_alpha", 8))
        scale = alpha / (math.sqrt(r) if config.get("use_rslora") else r)
        b = tensors[f"{_PREFIX}{module}.lora_{'embedding_B' if is_embedding else 'B.weight'}"]
        # By rows of what comes out: of an embedding they are the columns of its table.
        own = merged[at].T if is_embedding else merged[at]
        weight = own.astype(np.float64) + scale * b.astype(np.float64) @ a.astype(np.float64)
        magnitude = tensors.get(f"{_PREFIX}{module}.lora_magnitude_vector")
        if magnitude is not None:
            lengths = np.linalg.norm(weight, axis=1)
            weight *= (magnitude.astype(np.float64).reshape(-1) / lengths)[:, None]
        merged[at] = weight.T if is_embedding else weight
        bias = tensors.get(f"{_PREFIX}{module}.lora_B.bias")
        if bias is not None:
            before = merged.get(f"base.{module}.bias", np.zeros(1))
            merged[f"base.{module}.bias"] = before.astype(np.float64) + scale * bias
    return merged


def retrained(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """What an adapter has in place of tensors of the model, by their names there: biases, modules that
    were trained whole, and tables below an adapter. Those of an adapted layer lie in PEFT's `base_layer`.
    """
    return {
        name.removeprefix(_PREFIX).replace(".base_layer.", "."): x
        for name, x in tensors.items()
        if ".lora_" not in name
    }


def untied(params: Mapping[str, Any], tensors: Mapping[str, Array]) -> dict[str, Any]:
    """The parameters of a model, whose head is one of its own where embeddings or head were trained
    whole or have an adapter: PEFT changes either alone, and the other stays.
    """
    config = params["config"]
    tables = {"model.embed_tokens.weight", "lm_head.weight"}
    if tables.isdisjoint(retrained(tensors)):
        return {**params}
    return {**params, "config": {**config, "tie_word_embeddings": False}}


def _by_peft(bundle: Bundle, folder: Path) -> Array:
    import torch

    from gradproof_bridge.backends.causal_lm import causal_lm
    from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch

    model = loaded_adapter(causal_lm(bundle.params, bundle.inputs, "cpu"), folder).eval()
    ids = to_torch(bundle.inputs["input_ids"], "cpu").long()
    with deterministic(), torch.no_grad():
        return to_numpy(model(input_ids=ids).logits.float())


def _same_shape(ours: Array, truth: Expected) -> None:
    if ours.shape != truth.shape:
        raise FormatError(f"out.logits has shape {list(ours.shape)}; {list(truth.shape)} is needed")


def _limits_apart(truth: Expected, base: Expected) -> float:
    """The largest difference of two results, in limits of the first."""
    if not isinstance(truth, Real) or not isinstance(base, Real):
        raise TypeError("logits are floats")
    a, b = truth.number, base.number
    return float((np.abs(a.value - b.value) / a.error).max(initial=0))
