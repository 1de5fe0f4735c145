"""Quanto's weights made of codes, scales and shifts that are there already, and how codes are
unpacked.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING

from gradproof_bridge.backends.torch_arrays import to_numpy, to_torch
from gradproof_bridge.bundle.stored import Array

if TYPE_CHECKING:
    from torch import Tensor


def decoded_by_quanto(
    parts: Mapping[str, Array],
    shape: tuple[int, int],
    qtype: str,
    *,
    axis: int,
    group: int | None,
) -> Array:
    """What the tensors of a weight in a state dict stand for. Raises KeyError for one that is
    missing.
    """
    import torch

    tensors = {name: to_torch(x, "cpu") for name, x in parts.items()}
    with torch.no_grad():
        return to_numpy(quanto_weight(tensors, shape, qtype, axis=axis, group=group).dequantize())


def quanto_weight(
    parts: Mapping[str, Tensor],
    shape: tuple[int, int],
    qtype: str,
    *,
    axis: int,
    group: int | None,
) -> Tensor:
    """The tensors of a weight in a state dict, read as QLinear reads them, whose axis is 0. Raises
    KeyError for one that is missing.
    """
    import torch
    from optimum import quanto

    unpack_in_python()
    missing: list[str] = []
    of_type = quanto.qtypes[qtype]
    given = {
        "state_dict": dict(parts),
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
    found: Tensor = weight
    return found


def unpack_in_python() -> None:
    """Has codes unpacked by Quanto's own Python.

    Its C++ does the same shifts, but is compiled at the first use, which takes a compiler and
    minutes; a process that is killed meanwhile leaves a lock that the next one waits for without
    end.
    """
    import torch
    from optimum.quanto.library.extensions.extension import get_extension, is_extension_available

    # Quanto registers its Python for all devices, its C++ for some: without theirs, the dispatcher
    # finds the former.
    everywhere = torch._C.DispatchKeySet(torch._C.DispatchKey.CompositeExplicitAutograd)

    def unpack(packed: Tensor, bits: int) -> Tensor:
        return torch.ops.quanto.unpack.default.redispatch(everywhere, packed, bits)

    for name in ("quanto_cpp", "quanto_cuda", "quanto_hip", "quanto_mps"):
        if is_extension_available(name):
            get_extension(name)._lib = SimpleNamespace(unpack=unpack)
