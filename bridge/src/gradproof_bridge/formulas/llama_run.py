"""Steps of training a Llama in float64: forward and backward over micro-batches, and the update."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import F64
from gradproof_bridge.formulas.halves import Halves, Store, in_full
from gradproof_bridge.formulas.llama_base import start, tokens_of
from gradproof_bridge.formulas.llama_layers import Weights
from gradproof_bridge.formulas.llama_model import Model
from gradproof_bridge.formulas.llama_params import adapter_of
from gradproof_bridge.formulas.llama_retrained import is_untied
from gradproof_bridge.formulas.llama_update import State, Update

PER_STEP = ("losses", "grad_norms", "lrs", "scale")


@dataclass(frozen=True)
class Stepped:
    """A step from a state: its loss, the norm of its gradients, and the state after it."""

    loss: float
    norm: float
    after: State


def store_of(params: Params) -> Store:
    """What is kept of operands and results of products."""
    dtype: str | None = params.get("autocast_dtype")
    return Halves(dtype) if dtype else in_full


def run(inputs: Inputs, params: Params, steps: int, store: Store, kept: Store = in_full) -> Weights:
    """What a run gives whose products keep what `store` makes of them, and its weights what `kept`
    does.
    """
    weights, trained = start(inputs, params)
    model = _model(weights, params, store)
    update = Update(weights, State.fresh(weights, trained, params), params, kept)
    outputs: Weights = {}
    curves: dict[str, list[float]] = {name: [] for name in PER_STEP}
    for step in range(steps):
        loss, logits, gradients = _pass(model, inputs, params, step, update.scale)
        chosen = {name: gradients[name] for name in trained}
        if step == 0:
            unscaled = {f"grad0.{name}": g / update.scale for name, g in chosen.items()}
            outputs |= {"logits_step0": logits, **unscaled}
        lr = update.rate
        norm = update.step(chosen)
        for name, value in zip(PER_STEP, (loss, norm, lr, update.scale), strict=True):
            curves[name].append(value)
    outputs |= {f"final.{name}": weights[name] for name in trained}
    return outputs | {name: np.array(curve) for name, curve in curves.items()}


def step_from(inputs: Inputs, params: Params, state: State, step: int, store: Store) -> Stepped:
    """The step `step`, from 0 on, from a state before it."""
    weights, trained = start(inputs, params)
    weights |= {name: state.trained[name].copy() for name in trained}
    update = Update(weights, state, params)
    model = _model(weights, params, store)
    loss, _, gradients = _pass(model, inputs, params, step, update.scale)
    norm = update.step({name: gradients[name] for name in trained})
    return Stepped(loss, norm, update.state)


def _model(weights: Weights, params: Params, store: Store) -> Model:
    def lora(module: str) -> Params:
        return adapter_of(params, module)

    config = params["config"]
    if is_untied(params):
        config = {**config, "tie_word_embeddings": False}
    return Model(weights, config, lora, store)


def _pass(
    model: Model, inputs: Inputs, params: Params, step: int, scale: float
) -> tuple[float, F64, Weights]:
    """The loss of a step, the logits of its first micro-batch, and the gradients of `scale` times the
    loss: the mean over all labels or, where the run says so, of the means of its micro-batches.
    """
    parts = params["grad_accum"]
    chosen = slice(step * parts, (step + 1) * parts)
    ids, labels = (tokens_of(inputs, name)[chosen] for name in ("input_ids", "labels"))
    asked = (labels[..., 1:] >= 0).reshape(parts, -1).sum(1)
    shares = np.full(parts, 1 / parts) if params["accum_mean"] == "batch" else asked / asked.sum()
    passes = [
        model.step(text, label, scale * share)
        for text, label, share in zip(ids, labels, shares, strict=True)
    ]
    gradients = {
        name: sum((each[name] for _, _, each in passes), np.zeros(1)) for name in passes[0][2]
    }
    loss = sum(share * mean for share, (mean, _, _) in zip(shares, passes, strict=True))
    return float(loss), passes[0][1], gradients
