"""Trits of a given threshold, and products with packed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.formulas.ternary import DIGITS
from gradproof_bridge.philox import uniform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def ternarize(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.sign where the magnitude exceeds the threshold. With a seed as torch.bernoulli has it,
    which gives 1 where a uniform draw is below the probability, by the draws of the seed.
    """
    import torch

    weight = t["weight"]
    threshold = t["threshold"].reshape(-1, *[1] * (weight.ndim - 1))
    size = weight.abs().to(torch.float32)
    if "seed" in params:
        drawn = uniform(weight.numel(), params["seed"], params["seed"] >> 32)
        u = torch.from_numpy(drawn.astype(np.float32).reshape(weight.shape)).to(weight.device)
        kept = u < size / (2 * threshold)
    else:
        kept = size > threshold
    return {"trits": (weight.sign() * kept).to(torch.int8)}


def ternary_matmul(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.matmul by unpacked trits, times their scale."""
    import torch

    shape = params["out_features"], t["x"].shape[-1]
    base, units = DIGITS[params["order"]]
    packed = t["packed"].reshape(-1, 1)
    digits = packed // torch.from_numpy(units).to(packed.device) % base
    trits = digits.reshape(-1)[: shape[0] * shape[1]].reshape(shape).to(t["x"]) - 1
    y = t["x"] @ trits.T
    return {"y": y * t["scale"] if "scale" in t else y}


OPS = {"ternary_matmul": ternary_matmul, "ternarize": ternarize}
