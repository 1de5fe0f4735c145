"""PEFT adapters: loaded by PEFT itself where it is there, onto the model whose logits lie beside them
or, without those, onto linears and embeddings of their names and shapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.safetensors_file import read_safetensors
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.errors import FormatError, message_of, named
from gradproof_bridge.formulas.adapter_patterns import CONFIG, pattern_of
from gradproof_bridge.verification.adapter_logits import (
    LOGITS,
    loaded_adapter,
    retrained,
    verify_logits,
)
from gradproof_bridge.verification.check import Check
from gradproof_bridge.verification.skeleton import Layer, skeleton_of

WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."

_PARTS = {".lora_A.weight": ".lora_B.weight", ".lora_embedding_A": ".lora_embedding_B"}
"""Ends of the names of both matrices: those of linears, and those of embeddings."""


def verify_adapter(name: str, folder: Path) -> Iterator[Check]:
    """Names, shapes and ranks against the configuration; then PEFT loads it and gives the same
    weights back; then the logits that lie beside it, if they do.
    """
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        _, tensors = read_safetensors((folder / WEIGHTS).read_bytes())
        layers = _layers(config, tensors)
    except OSError as error:
        yield Check(
            name,
            "PEFT adapter",
            "unreadable",
            "",
            f"{Path(error.filename or folder).name}: {error.strerror or error}",
        )
        return
    except (ValueError, RecursionError, FormatError) as error:
        reason = (
            f"{CONFIG} is no JSON: {message_of(error, 120)}"
            if isinstance(error, (ValueError, RecursionError))
            else str(error)
        )
        yield Check(name, "PEFT adapter", "unreadable", "", reason)
        return
    what = f"PEFT adapter of {len(layers)} layers, rank {config['r']}"
    yield Check(name, what, "agrees", "its own configuration")
    peft = backend_named("peft")
    if peft.problem is not None:
        yield Check(name, what, "not-checked", "PEFT", peft.lacks)
        return
    loaded = _by_peft(name, what, folder, config, layers, tensors)
    yield loaded
    if (folder / LOGITS).is_file() and loaded.verdict == "agrees":
        yield from verify_logits(f"{name}/{LOGITS}", folder, config, tensors)


def _layers(config: object, tensors: Mapping[str, Array]) -> dict[str, Layer]:
    """Each adapted layer. Raises FormatError for what does not fit the configuration."""
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        kind = config.get("peft_type") if isinstance(config, dict) else None
        raise FormatError(f"{CONFIG} says peft_type {str(kind)[:60]!r}; LORA is known here")
    rank = config.get("r")
    if type(rank) is not int or rank < 1:
        raise FormatError(
            f"{CONFIG} says r {str(rank)[:60]!r}; the rank, a positive integer, is needed"
        )
    layers: dict[str, Layer] = {}
    for name, a in tensors.items():
        if not name.startswith(_PREFIX):
            raise FormatError(f"tensor {name!r} does not begin with {_PREFIX!r}, as PEFT names it")
        end = next((end for end in _PARTS if name.endswith(end)), None)
        if end is None:
            continue
        module = name[len(_PREFIX) : -len(end)]
        in_a, in_b = (part.split(".")[1] for part in (end, _PARTS[end]))
        b = tensors.get(f"{_PREFIX}{module}{_PARTS[end]}")
        if b is None:
            raise FormatError(f"{module} has {in_a} and no {in_b}")
        own = pattern_of(config, "rank_pattern", module, rank)
        if a.ndim != 2 or b.ndim != 2 or a.shape[0] != own or b.shape[1] != own:
            raise FormatError(
                f"{module} has {in_a} {list(a.shape)} and {in_b} {list(b.shape)}; rank {own} is configured"
            )
        if config.get("use_dora") and f"{_PREFIX}{module}.lora_magnitude_vector" not in tensors:
            raise FormatError(f"{module} has no lora_magnitude_vector, and use_dora is set")
        is_embedding = in_a == "lora_embedding_A"
        rows, columns = b.shape[0], a.shape[1]
        layers[module] = Layer((columns, rows) if is_embedding else (rows, columns), is_embedding)
    if not layers:
        raise FormatError(f"{WEIGHTS} holds neither lora_A nor lora_embedding_A")
    return layers


def _by_peft(
    name: str,
    what: str,
    folder: Path,
    config: Mapping[str, Any],
    layers: Mapping[str, Layer],
    tensors: Mapping[str, Array],
) -> Check:
    """PEFT loads the adapter onto layers of those shapes and names, beside what it has of other
    modules.
    """
    from peft.utils import get_peft_model_state_dict

    from gradproof_bridge.backends.torch_arrays import to_numpy

    by = backend_named("peft").producer()
    try:
        model = loaded_adapter(skeleton_of(config, layers, retrained(tensors)), folder)
        loaded = {key: to_numpy(x) for key, x in get_peft_model_state_dict(model).items()}
        # Of embeddings and head PEFT saves the table itself too, and gives it back of a whole model alone.
        loaded |= {
            key: to_numpy(x)
            for key, x in model.state_dict().items()
            if key in tensors and key.endswith(".base_layer.weight")
        }
    except Exception as error:  # noqa: BLE001 - whatever PEFT has against the adapter is the finding
        return Check(name, what, "unreadable", by, named(error))
    missing = sorted(set(tensors) ^ set(loaded))
    if missing:
        return Check(
            name,
            what,
            "deviates",
            by,
            f"{missing[0]} is in one of the file and what PEFT loaded, not in both",
        )
    for key, x in tensors.items():
        if not np.array_equal(loaded[key].astype(np.float64), x.astype(np.float64)):
            return Check(name, what, "deviates", by, f"{key} is not what PEFT loaded")
    return Check(name, what, "agrees", by)
