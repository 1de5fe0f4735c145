"""Quanto's weights made of codes, scales and shifts that are there already."""

from __future__ import annotations

from collections.abc import Mapping

from gradproof_bridge.backends.quanto_backend import unpack_in_python
from gradproof_bridge.backends.torch_arrays import to_numpy, to_torch
from gradproof_bridge.bundle.stored import Array


def decoded_by_quanto(
    parts: Mapping[str, Array],
    shape: tuple[int, int],
    qtype: str,
    *,
    axis: int,
    group: int | None,
) -> Array:
    """What the tensors of a weight in a state dict stand for, read as QLinear reads them, whose axis
    is 0. Raises KeyError for one that is missing.
    """
    import torch
    from optimum import quanto

    unpack_in_python()
    missing: list[str] = []
    of_type = quanto.qtypes[qtype]
    given = {
        "state_dict": {name: to_torch(x, "cpu") for name, x in parts.items()},
        "prefix": "weight.",
        "qtype": of_type,
        "axis": axis,
        "size": torch.Size(shape),
        "stride": (shape[1], 1),
        "missing_keys": missing,
    }
    weight = (
        quanto.WeightQBytesTensor.load_from_state_dict(**given, activation_qtype=None)
        if of_type.bits == 8
        else quanto.WeightQBitsTensor.load_from_state_dict(**given, group_size=group)
    )
    if weight is None:
        raise KeyError(missing[0])
    with torch.no_grad():
        return to_numpy(weight.dequantize())
