"""What a configuration of PEFT says of single modules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gradproof_bridge.errors import FormatError

CONFIG = "adapter_config.json"


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
