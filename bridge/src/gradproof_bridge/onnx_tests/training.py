"""Losses and optimizers."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.onnx_tests.node_test import Converted, NodeTest

_UNUSED_LABEL = -100
_EPSILON = float(np.float32(1e-6))
"""ONNX's default of Adam and of Adagrad."""


def softmax_cross_entropy(test: NodeTest) -> Converted:
    """SoftmaxCrossEntropyLoss."""
    names = {"scores": "logits", "labels": "labels", "weights": "weight"}
    inputs = {names[name]: x for name, x in test.inputs.items()}
    outputs = dict(zip(("loss", "log_probs"), test.outputs, strict=False))
    return Converted("cross_entropy", _loss(test), inputs, outputs)


def negative_log_likelihood(test: NodeTest) -> Converted:
    """NegativeLogLikelihoodLoss."""
    names = {"input": "log_probs", "target": "labels", "weight": "weight"}
    return Converted(
        "nll_loss",
        _loss(test),
        {names[name]: x for name, x in test.inputs.items()},
        {"loss": test.outputs[0]},
    )


def _loss(test: NodeTest) -> Params:
    ignored = test.get("ignore_index")
    return {
        "reduction": test.get("reduction", "mean"),
        "ignore_index": _UNUSED_LABEL if ignored is None else ignored,
    }


def adam(test: NodeTest) -> Converted:
    """Adam with a penalty of squares; at step 0 ONNX does not correct the bias."""
    tensors, step = _by_kind(test, ("X", "G", "V", "H")), int(test.inputs["T"])
    params: Params = {
        "optimizer": "adam",
        "lr": float(test.inputs["R"]),
        "betas": [test.get("alpha", 0.9), test.get("beta", 0.999)],
        "eps": test.get("epsilon", _EPSILON),
        "weight_decay": test.get("norm_coefficient", 0.0),
        "bias_correction": step > 0,
    }
    inputs = {
        "param": tensors["X"],
        "grads": tensors["G"][None],
        "state.exp_avg": tensors["V"],
        "state.exp_avg_sq": tensors["H"],
    }
    return Converted(
        "optimizer_steps", params, inputs, _outputs(test, ("state.exp_avg", "state.exp_avg_sq"))
    )


def adagrad(test: NodeTest) -> Converted:
    """Adagrad as ONNX has it."""
    tensors = _by_kind(test, ("X", "G", "H"))
    defaults = {"norm_coefficient": 0.0, "decay_factor": 0.0, "epsilon": _EPSILON}
    params = {
        "optimizer": "adagrad",
        **_time(test),
        **{name: test.get(name, default) for name, default in defaults.items()},
    }
    inputs = {"param": tensors["X"], "grads": tensors["G"][None], "state.exp_avg_sq": tensors["H"]}
    return Converted("optimizer_steps", params, inputs, _outputs(test, ("state.exp_avg_sq",)))


def momentum(test: NodeTest) -> Converted:
    """Momentum as ONNX has it."""
    tensors = _by_kind(test, ("X", "G", "V"))
    names = ("norm_coefficient", "alpha", "beta", "mode")
    params = {"optimizer": "momentum", **_time(test), **{name: test.get(name) for name in names}}
    inputs = {
        "param": tensors["X"],
        "grads": tensors["G"][None],
        "state.momentum_buffer": tensors["V"],
    }
    return Converted("optimizer_steps", params, inputs, _outputs(test, ("state.momentum_buffer",)))


def _time(test: NodeTest) -> Params:
    return {"R": float(test.inputs["R"]), "T": int(test.inputs["T"])}


def _by_kind(test: NodeTest, kinds: tuple[str, ...]) -> dict[str, Array]:
    """Several parameters, given as X1, X2, G1, G2, ..., become one: every formula is elementwise."""
    rest = [x for name, x in test.inputs.items() if name not in ("R", "T")]
    each = len(rest) // len(kinds)
    return {kind: np.concatenate(rest[i * each : (i + 1) * each]) for i, kind in enumerate(kinds)}


def _outputs(test: NodeTest, states: tuple[str, ...]) -> dict[str, Array]:
    each = len(test.outputs) // (1 + len(states))
    parts = [
        np.concatenate(test.outputs[i * each : (i + 1) * each]) for i in range(1 + len(states))
    ]
    return {"trajectory": parts[0][None], **dict(zip(states, parts[1:], strict=True))}
