"""Names of a training run's tensors: what one party calls by several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

MAGNITUDE = "lora_magnitude_vector"
"""PEFT's name of DoRA's magnitudes."""
_OLDER = "magnitude"
_OF_PEFT = ("modules_to_save", "base_layer")
"""Where PEFT has a module that it trains whole, and the bias of one with an adapter."""


def current(name: str) -> str:
    """The name of a parameter here: DoRA's magnitudes go by another now, and what is trained beside
    adapters goes by that in the model.
    """
    module, _, part = name.rpartition(".")
    if part == _OLDER:
        return f"{module}.{MAGNITUDE}"
    inner = next((one for one in _OF_PEFT if module.endswith(f".{one}")), None)
    return name if inner is None else f"{module.removesuffix(f'.{inner}')}.{part}"


def by_every_name(outputs: Mapping[str, T]) -> dict[str, T]:
    """Outputs by the names that a recording may have for them: outcomes begin with `final.` or with
    `lora.`, DoRA's magnitudes have an older name, and PEFT has its own of what is trained beside.
    """
    named = dict(outputs)
    for name, x in outputs.items():
        if name.startswith("final."):
            named[f"lora.{name[6:]}"] = x
    for name, x in list(named.items()):
        if f".{MAGNITUDE}" in name:
            named[name.replace(f".{MAGNITUDE}", f".{_OLDER}")] = x
        for part in (".weight", ".bias"):
            if part in name:
                named |= {name.replace(part, f".{inner}{part}"): x for inner in _OF_PEFT}
    return named
