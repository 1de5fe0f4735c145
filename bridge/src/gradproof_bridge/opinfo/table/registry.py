"""All lines of the table."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from gradproof_bridge.folder import declared, joined
from gradproof_bridge.opinfo import table
from gradproof_bridge.opinfo.expressed import Expressed, NotExpressibleError

Line = Callable[..., Expressed]
T = TypeVar("T")


@cache
def lines() -> Mapping[str, Line]:
    """The function of each OpInfo that has one, by its name, or by `name.variant`: each module of
    this folder has its own in `TABLE`.
    """
    return joined(cast("tuple[Mapping[str, Line], ...]", declared(table, "TABLE")))


def line_of(name: str, variant: str) -> Line | None:
    """The line of an OpInfo, or None: the variant's own before that of the name."""
    own = lines().get(f"{name}.{variant}")
    return own if own is not None else lines().get(name)


def bound(line: Callable[..., T], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> T:
    """What a line says of arguments. Raises NotExpressibleError for one that it lacks."""
    signature = inspect.signature(line)
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    for name in kwargs:
        if name not in signature.parameters and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise NotExpressibleError(f"argument {name}")
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        raise NotExpressibleError("arguments of another form") from None
    return line(*args, **kwargs)
