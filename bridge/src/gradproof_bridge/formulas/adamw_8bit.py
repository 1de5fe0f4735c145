"""What bitsandbytes' 8-bit AdamW has for itself: moments kept in 8 bits, and the step as its CUDA
kernels take it.

Dettmers et al., "8-bit Optimizers via Block-wise Quantization" (2021, arXiv 2110.02861);
bitsandbytes/optim and, for CUDA, `kOptimizerStatic8bit2StateBlockwise` and `kOptimizer32bit2State`
of csrc/kernels.cu.
"""

from __future__ import annotations

import math

import numpy as np

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.blockwise import decoded, dynamic_map_values, quantize_codes
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, sqrt
from gradproof_bridge.formulas.expected import Codes, Expected, Real
from gradproof_bridge.formulas.shapes import block_of

Moments = tuple[Bounded, Bounded, Bounded]
"""Parameter, first and second moment."""
_LOG2_NEAR_1 = 2.0**-22
_ULP = 2.0**-23


def step_of_cuda(now: Moments, g: Bounded, t: int, p: Params) -> Moments:
    """One step in the order of the kernels, which decay the weights after it and are handed each
    hyperparameter as a float32.

    1 - beta is then that of the float32: 0.00099998713 for 0.001.
    """
    lr, eps, weight_decay, b1, b2 = (
        bounded(float(np.float32(x))) for x in (p["lr"], p["eps"], p["weight_decay"], *p["betas"])
    )
    param, m, v = now
    m = m * b1 + g * (1.0 - b1)
    v = v * b2 + g * g * (1.0 - b2)
    correction1, correction2 = 1.0 - _power(b1, t), sqrt(1.0 - _power(b2, t))
    step = lr * correction2 / correction1
    param = param - step * (m / (sqrt(v) + correction2 * eps))
    return (param * (1.0 - lr * weight_decay) if p["weight_decay"] else param), m, v


def _power(base: Bounded, exponent: int) -> Bounded:
    """CUDA's __powf, which is exp2f(y __log2f(x)).

    By the intrinsic functions of its programming guide the logarithm errs by 2^-22 between 1/2 and
    2 and by 2 units in the last place elsewhere, exp2f by 2 units.
    """
    x = float(base.value)
    if x == 0:
        return bounded(0.0)
    log = math.log2(x)
    error = _LOG2_NEAR_1 if 0.5 <= x <= 2 else 2 * _ULP * abs(log)
    product = bounded(float(exponent)) * Bounded(np.asarray(log), np.asarray(error))
    value: F64 = np.exp2(product.value)
    return Bounded(
        value, value * (np.expm1(math.log(2) * product.error) * (1 + 2 * _ULP) + 2 * _ULP)
    )


def through_8bit(x: Bounded, p: Params, *, signed: bool) -> tuple[Bounded, tuple[Codes, Bounded]]:
    """What is left of a moment that is kept in 8 bits, where a code near a threshold may be either
    neighbour.
    """
    code = dynamic_map_values(signed=signed)
    flat = x.reshape(-1)
    rounding = p.get("state_rounding") or "lut16"
    q, absmax = quantize_codes(flat, code, p["blocksize"], rounding)
    scale = absmax[block_of(flat.value.size, p["blocksize"])]
    if signed and rounding == "nearest":
        q = _with_its_sign(q, flat, code)
    shaped = Codes(*(c.reshape(x.shape) for c in (q.value, q.low, q.high)))
    return decoded(code, q, scale).reshape(*x.shape), (shaped, absmax)


def _with_its_sign(q: Codes, x: Bounded, code: F64) -> Codes:
    """CUDA takes what is negative and would become 0 to the code below."""
    parts = ((0, q.value), (-1, q.low), (1, q.high))
    return Codes(
        *(
            np.where((x.value + s * x.error < 0) & (code[c] == 0), c - 1, c).astype(np.uint8)
            for s, c in parts
        )
    )


def state_codes(m: tuple[Codes, Bounded], v: tuple[Codes, Bounded]) -> dict[str, Expected]:
    """The outputs that moments in 8 bits are."""
    return {
        "state.exp_avg": m[0],
        "state.exp_avg_absmax": Real(m[1]),
        "state.exp_avg_sq": v[0],
        "state.exp_avg_sq_absmax": Real(v[1]),
    }
