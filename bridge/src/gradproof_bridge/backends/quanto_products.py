"""Products with Quanto's weights, activations as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.backends.frozen_linear import product_of
from gradproof_bridge.backends.quanto_weights import quanto_weight
from gradproof_bridge.backends.torch_arrays import deterministic, to_torch
from gradproof_bridge.errors import NotImplementedOpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.base import Call, Outputs

_FLOATS = {"e4m3": "float8_e4m3fn", "e4m3fnuz": "float8_e4m3fnuz", "e5m2": "float8_e5m2"}
_QTYPES = {"int8": "qint8", **{codes: f"q{name}" for codes, name in _FLOATS.items()}}


def is_of_quanto(call: Call) -> bool:
    """Whether a weight in codes of 8 bits is one of Quanto's: without zero points, and with a scale
    for each row or column.
    """
    p = call.params
    return (
        p["codes"] in _QTYPES
        and "zero_point" not in call.inputs
        and (p["axis"] == -1 or p["blocksize"] == p["in_features"])
    )


def matmul_8bit(call: Call) -> Outputs:
    """QLinear without bias, its weight of qint8 or qfloat8."""
    import torch

    p = call.params
    if not is_of_quanto(call):
        raise NotImplementedOpError("Quanto's codes of 8 bits have a scale for each row or column")
    q = to_torch(call.inputs["q"], call.device)
    data = q if p["codes"] == "int8" else q.view(getattr(torch, _FLOATS[p["codes"]]))
    scale = to_torch(call.inputs["scale"], call.device)
    parts = {
        "weight._data": data,
        "weight._scale": scale.reshape((-1, 1) if p["axis"] == 0 else (1, -1)),
    }
    return _linear(call, parts, _QTYPES[p["codes"]], None)


def quanto_matmul(call: Call) -> Outputs:
    """QLinear without bias, its weight of qint4 or qint2."""
    parts = {
        f"weight.{name}": to_torch(call.inputs[part], call.device)
        for name, part in (("_data._data", "packed"), ("_scale", "scale"), ("_shift", "shift"))
    }
    return _linear(call, parts, f"qint{call.params['bits']}", call.params["group_size"])


def _linear(call: Call, parts: Mapping[str, Tensor], qtype: str, group: int | None) -> Outputs:
    from torch.nn.functional import linear

    p = call.params
    if not p["transpose_weight"]:
        raise NotImplementedOpError("Quanto's QLinear multiplies by W^T, not by W")
    shape = p["out_features"], p["in_features"]
    with deterministic():
        weight = quanto_weight(parts, shape, qtype, axis=p["axis"], group=group)
        # All that QLinear.forward does.
        return product_of(lambda x: linear(x, weight), call)
