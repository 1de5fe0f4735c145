"""A whole training run of a Llama in float64: the truth about `train_llama`.

The model of transformers/models/llama/modeling_llama.py, adapters as in `linear`, layers as in
`nn`, steps as in `optim`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import Bounded
from gradproof_bridge.formulas.expected import Expected, Real
from gradproof_bridge.formulas.halves import in_single
from gradproof_bridge.formulas.llama_base import start
from gradproof_bridge.formulas.llama_layers import Weights
from gradproof_bridge.formulas.llama_limits import (
    ABSOLUTE,
    IN_HALVES,
    SPREADS,
    limited,
    limited_late,
    spread,
)
from gradproof_bridge.formulas.llama_names import by_every_name
from gradproof_bridge.formulas.llama_params import CURVE, is_by_states, run_params
from gradproof_bridge.formulas.llama_run import PER_STEP, run, store_of
from gradproof_bridge.formulas.llama_states import judged_by_states
from gradproof_bridge.formulas.llama_update import State, is_in_8_bits, kept_names


def train_llama(inputs: Inputs, given: Params) -> dict[str, Expected]:
    """zero_grad, forward and backward over micro-batches, the update with the rate of the step; full
    fine-tuning, LoRA, QLoRA or DoRA.
    """
    params = run_params(given)
    outputs = _held_from_states(inputs, params) if is_by_states(params) else _held(inputs, params)
    logits = outputs["logits_step0"]
    if isinstance(logits, Real) and logits.shape[0] == 1:
        outputs["logits_step0"] = replace(logits, is_one_text=True)
    return by_every_name(outputs)


def from_states(inputs: Inputs, given: Params, outputs: Mapping[str, Array]) -> dict[str, Expected]:
    """What the recorded states of a run with 8-bit moments or in halves say of its other outputs."""
    params = run_params(given)
    if not is_by_states(params):
        return {}
    free = _held_from_states(inputs, params)
    return by_every_name(judged_by_states(inputs, params, outputs, free))


def _held(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Of a run in float32 all, by the limits of the format and, after step 20, the spread."""
    steps = params["steps"]
    outputs = run(inputs, params, steps, store_of(params))
    if steps <= CURVE:
        return {name: Real(limited(name, y)) for name, y in outputs.items()}
    apart = spread(inputs, "float32", lambda other: run(other, params, steps, in_single, in_single))
    return {name: Real(limited_late(name, y, apart[name])) for name, y in outputs.items()}


def _held_from_states(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Of a run whose right ones part: the first losses, rates and scales, logits and gradients of the
    first step, and the state before it. The rest is open here.
    """
    steps = min(params["steps"], CURVE)
    outputs = run(inputs, params, steps, store_of(params))
    dtype = params.get("autocast_dtype")
    apart = _first_apart(inputs, params, dtype) if dtype else {}
    expected: dict[str, Expected] = {}
    for name, y in outputs.items():
        bound = limited(name, y, IN_HALVES) if name == "losses" and dtype else limited(name, y)
        if name in apart:
            bound = Bounded(y, bound.error + SPREADS * float(apart[name].max(initial=0)))
        if name in PER_STEP:
            bound = _longer(bound, params["steps"], is_held=name != "grad_norms")
        if name.startswith("final."):
            bound = _open(y)
        expected[name] = Real(bound)
    return expected | _states(inputs, params)


def _first_apart(inputs: Inputs, params: Params, dtype: str) -> Weights:
    """How far apart first logits and gradients lie of runs whose start weights differ."""
    found = spread(inputs, dtype, lambda other: run(other, params, 1, store_of(params)))
    return {
        name: y for name, y in found.items() if name == "logits_step0" or name.startswith("grad0.")
    }


def _longer(bound: Bounded, steps: int, *, is_held: bool) -> Bounded:
    """A curve of all steps, with its first ones held or open."""
    value, error = np.ones(steps), np.full(steps, np.inf)
    count = bound.value.size
    value[:count] = bound.value
    if is_held:
        error[:count] = bound.error
    return Bounded(value, error)


def _open(y: Array) -> Bounded:
    """What anything may be."""
    return Bounded(np.asarray(y, np.float64), np.full(y.shape, np.inf))


def _states(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """States that may have been recorded: the first is known, others are where steps begin."""
    weights, trained = start(inputs, params)
    fresh = State.fresh(weights, trained, params)
    found: dict[str, Expected] = {}
    for step in params.get("state_steps", ()):
        known = step == 1
        named: dict[str, Array] = {}
        for name in trained:
            x = weights[name]
            named[name] = x
            for moment in kept_names(params):
                named[f"{name}.{moment}"] = np.zeros(x.shape)
                if is_in_8_bits(x, params):
                    blocks = math.ceil(x.size / params["blocksize"])
                    named[f"{name}.{moment}_absmax"] = np.zeros(blocks)
        for name, x in named.items():
            exact = Bounded(np.asarray(x, np.float64), np.full(x.shape, ABSOLUTE**2))
            # Codes of nothing stand for nothing, whatever they are.
            is_code = f"{name}_absmax" in named
            found[f"state.{step}.{name}"] = Real(exact if known and not is_code else _open(x))
        if params.get("grad_scaler"):
            for name, number in (("scale", fresh.scale), ("growth_tracker", 0.0)):
                x = np.full(1, number)
                found[f"state.{step}.{name}"] = Real(limited("scale", x) if known else _open(x))
    return found


FORMULAS = {
    "train_llama": train_llama,
}
CONSEQUENCES = {
    "train_llama": from_states,
}
