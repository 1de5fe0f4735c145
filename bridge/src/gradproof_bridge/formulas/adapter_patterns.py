"""What a configuration of PEFT says of single modules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gradproof_bridge.errors import FormatError

CONFIG = "adapter_config.json"
_BLOCK = re.compile(r".*?\.[^.]*\.(?P<block>\d+)\.")


def pattern_of(
    config: Mapping[str, Any], key: str, module: str, usual: Any, where: str = CONFIG
) -> Any:
    """What a configuration says of one module by a pattern that its name ends in, as PEFT reads
    `rank_pattern` and `alpha_pattern`; `where` it stands. Raises FormatError for patterns that are
    none.
    """
    patterns = config.get(key) or {}
    if not isinstance(patterns, dict):
        raise FormatError(f"{where}: {key} is {str(patterns)[:60]!r}; an object is needed")
    for pattern, value in patterns.items():
        try:
            found = re.match(rf"(.*\.)?({pattern})$", module)
        except re.error as error:
            raise FormatError(f"{where}: {key} {pattern[:60]!r} is no pattern: {error}") from error
        if found:
            return value
    return usual


def is_of_layer(config: Mapping[str, Any], module: str, where: str = CONFIG) -> bool:
    """Whether a module lies in a block of `layers_to_transform`, as PEFT reads it; all do where it names
    none, and one that `targets` name in full does in any. Raises FormatError for a `layers_pattern`
    that is none.
    """
    blocks = config.get("layers_to_transform")
    targets = config.get("targets")
    if blocks is None or blocks == [] or (isinstance(targets, list) and module in targets):
        return True
    patterns = config.get("layers_pattern") or []
    before = [patterns] if isinstance(patterns, str) else patterns
    try:
        known = [re.compile(rf"(?:^|.*?\.){one}\.(?P<block>\d+)\.") for one in before] or [_BLOCK]
    except re.error as error:
        raise FormatError(f"{where}: layers_pattern is no pattern: {error}") from error
    found = next((match for one in known if (match := one.match(module))), None)
    wanted = [blocks] if isinstance(blocks, int) else blocks
    return found is not None and int(found["block"]) in wanted
