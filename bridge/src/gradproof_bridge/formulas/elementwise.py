"""Functions of each element, as torch defines them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import (
    Bounded,
    bounded,
    erf,
    exp,
    log,
    sqrt,
    tanh,
)
from gradproof_bridge.formulas.expected import Expected, exactly
from gradproof_bridge.formulas.tensors import is_integer

Outputs = dict[str, Bounded]


def elementwise(inputs: Inputs, y: Bounded, slope: Bounded) -> Outputs:
    """A function and, where a gradient flows in, that times its slope."""
    outputs = {"y": y}
    if "grad.y" in inputs:
        outputs["grad.x"] = bounded(inputs["grad.y"]) * slope
    return outputs


def _unary(
    function: Callable[[Bounded], tuple[Bounded, Bounded]],
) -> Callable[[Inputs, Params], Outputs]:
    """The op of a function that gives its value and its slope."""

    def op(inputs: Inputs, params: Params) -> Outputs:
        # Numbers that are not finite, or at which the function is none, are not judged.
        with np.errstate(all="ignore"):
            return elementwise(inputs, *function(bounded(inputs["x"])))

    return op


def _exp(x: Bounded) -> tuple[Bounded, Bounded]:
    y = exp(x)
    return y, y


def _log(x: Bounded) -> tuple[Bounded, Bounded]:
    return log(x), 1.0 / x


def _sqrt(x: Bounded) -> tuple[Bounded, Bounded]:
    y = sqrt(x)
    return y, 0.5 / y


def _rsqrt(x: Bounded) -> tuple[Bounded, Bounded]:
    y = 1.0 / sqrt(x)
    return y, y * y * y * -0.5


def _tanh(x: Bounded) -> tuple[Bounded, Bounded]:
    y = tanh(x)
    return y, 1.0 - y * y


def _abs(x: Bounded) -> tuple[Bounded, Bounded]:
    return bounded(np.abs(x.value)), bounded(np.sign(x.value))


def abs_op(inputs: Inputs, params: Params) -> Mapping[str, Expected] | Outputs:
    """|x|; the lowest integer stays as it is."""
    x = inputs["x"]
    return {"y": exactly(np.abs(x))} if is_integer(x) else _unary(_abs)(inputs, params)


def _erf(x: Bounded) -> tuple[Bounded, Bounded]:
    return erf(x), exp(-(x * x)) * (2 / math.sqrt(math.pi))


FORMULAS = {
    "exp": _unary(_exp),
    "log": _unary(_log),
    "sqrt": _unary(_sqrt),
    "rsqrt": _unary(_rsqrt),
    "tanh": _unary(_tanh),
    "abs": abs_op,
    "erf": _unary(_erf),
}
