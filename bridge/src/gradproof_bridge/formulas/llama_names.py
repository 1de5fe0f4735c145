"""Names of a training run's tensors: what one party calls by several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

MAGNITUDE = "lora_magnitude_vector"
"""PEFT's name of DoRA's magnitudes."""
_OLDER = "magnitude"


def current(name: str) -> str:
    """The name by which DoRA's magnitudes go now."""
    module, _, part = name.rpartition(".")
    return f"{module}.{MAGNITUDE}" if part == _OLDER else name


def by_every_name(outputs: Mapping[str, T]) -> dict[str, T]:
    """Outputs by the names that a recording may have for them: outcomes begin with `final.` or with
    `lora.`, and DoRA's magnitudes have an older name.
    """
    named = dict(outputs)
    for name, x in outputs.items():
        if name.startswith("final."):
            named[f"lora.{name[6:]}"] = x
    for name, x in list(named.items()):
        if f".{MAGNITUDE}" in name:
            named[name.replace(f".{MAGNITUDE}", f".{_OLDER}")] = x
    return named
