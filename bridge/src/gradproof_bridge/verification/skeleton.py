"""A model that PEFT loads an adapter onto: modules of the names and shapes that the tensors of the
adapter tell, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.adapter_patterns import CONFIG

_TOKENS = ".token_adapter.trainable_tokens_delta"
"""End of the name of single rows of a table that were trained."""
_BLOCK = re.compile(r"(.*?)\.(\d+)\.")
"""The list of blocks in the name of a module, and the number of its block."""
_MOST_BLOCKS = 10_000
"""Of a map that may be anything: each is a module here."""


@dataclass(frozen=True)
class Layer:
    """A layer with an adapter: a linear, [out, in], or an embedding, [tokens, columns]."""

    shape: tuple[int, int]
    is_embedding: bool


def skeleton_of(
    config: Mapping[str, Any], layers: Mapping[str, Layer], others: Mapping[str, Array]
) -> Any:
    """Modules of those names that hold a linear or an embedding each, or the other tensors alone. Where
    blocks are copied (`layer_replication`) it has those that they are copied from.
    """
    import torch

    root: Any = torch.nn.Module()

    def module(path: str) -> Any:
        at = root
        parts = path.split(".") if path else []
        for part, inner in pairwise([*parts, ""]):
            if not hasattr(at, part):
                at.add_module(part, torch.nn.ModuleList() if inner.isdigit() else torch.nn.Module())
            at = getattr(at, part)
        return at

    def put(path: str, made: Any) -> None:
        parent, _, last = path.rpartition(".")
        module(parent).add_module(last, made)

    sources = _sources(config)
    if sources:
        found = (_BLOCK.match(path) for path in layers)
        blocks = next((match[1] for match in found if match), "model.layers")
        for block in range(max(sources) + 1):
            module(f"{blocks}.{block}")
        # Where PEFT writes how many there are.
        module(blocks.rpartition(".")[0]).config = SimpleNamespace()
    layers = {_source(path, sources): layer for path, layer in layers.items()}
    others = {_source(path, sources): x for path, x in others.items()}

    for path, layer in layers.items():
        rows, columns = layer.shape
        put(
            path,
            torch.nn.Embedding(rows, columns)
            if layer.is_embedding
            else torch.nn.Linear(columns, rows, bias=f"{path}.bias" in others),
        )
    for name, x in others.items():
        if name.endswith(_TOKENS):
            table = name.removesuffix(_TOKENS)
            # A table of any number of rows, all of them one number in memory.
            rows = torch.zeros(()).expand(_rows(config), x.shape[-1])
            put(table, torch.nn.Embedding.from_pretrained(rows))
            root.get_input_embeddings = lambda table=table: root.get_submodule(table)
            continue
        path, _, kind = name.rpartition(".")
        if path not in layers:
            module(path).register_parameter(kind, torch.nn.Parameter(torch.zeros(x.shape)))
    return root


def _sources(config: Mapping[str, Any]) -> Sequence[int]:
    """Of each block of a model with copies, which one it is copied from; none where none is copied."""
    spans = [range(*span) for span in config.get("layer_replication") or []]
    if sum(map(len, spans)) > _MOST_BLOCKS:
        raise FormatError(f"{CONFIG}: layer_replication makes more than {_MOST_BLOCKS} blocks")
    return [block for span in spans for block in span]


def _source(path: str, sources: Sequence[int]) -> str:
    found = _BLOCK.match(path)
    if not found or not sources:
        return path
    block = int(found[2])
    if block >= len(sources):
        raise FormatError(f"{CONFIG}: layer_replication makes no block {block}, which {path} is of")
    return f"{found[1]}.{sources[block]}.{path[found.end() :]}"


def _rows(config: Mapping[str, Any]) -> int:
    """How many rows have the tokens that are trained."""
    tokens = config.get("trainable_token_indices") or []
    lists = tokens.values() if isinstance(tokens, dict) else [tokens]
    return max((token + 1 for one in lists for token in one), default=1)
