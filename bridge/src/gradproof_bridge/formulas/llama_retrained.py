"""What a run trains beside its adapters, as PEFT has it: biases, and modules that are saved whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.llama_params import base_of

HEAD, EMBEDDINGS = "lm_head.weight", "model.embed_tokens.weight"


def retrained(names: Collection[str], adapted: Iterable[str], params: Params) -> list[str]:
    """Those of a model's tensors that are trained themselves; `adapted` are the modules with an
    adapter. Raises NotImplementedOpError for a module that holds others.
    """
    with_adapter, rule = set(adapted), params["bias"]
    saved = _saved(names, params["modules_to_save"])

    def is_asked(name: str) -> bool:
        module, _, part = name.rpartition(".")
        if module in saved:
            return True
        return part == "bias" and (
            rule == "all" or (rule == "lora_only" and module in with_adapter)
        )

    return [name for name in names if is_asked(name)]


def is_untied(params: Params) -> bool:
    """Whether embeddings and a head that were tied are two tables: PEFT trains a copy of either, and the
    other stays.
    """
    tables = (name.rpartition(".")[0] for name in (HEAD, EMBEDDINGS))
    ends = tuple(params["modules_to_save"])
    was_tied = base_of(params) != "trained" and params["config"].get("tie_word_embeddings")
    return bool(was_tied) and any(table.endswith(ends) for table in tables)


def _saved(names: Iterable[str], ends: Collection[str]) -> set[str]:
    modules = {name.rpartition(".")[0] for name in names}
    above = {module.rpartition(".")[0] for module in modules} - modules
    for end in ends:
        if any(module.endswith(end) for module in above):
            raise NotImplementedOpError(
                f"train_llama with modules_to_save {end[:40]!r}, which holds other modules: name them"
            )
        if not any(module.endswith(end) for module in modules):
            raise NotImplementedOpError(
                f"train_llama with modules_to_save {end[:40]!r}, which meets no module"
            )
    return {module for module in modules if module.endswith(tuple(ends))}
