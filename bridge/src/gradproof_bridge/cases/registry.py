"""Every case that is recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain
from typing import cast

from gradproof_bridge import cases as folder
from gradproof_bridge.cases.case import Case, Cases
from gradproof_bridge.folder import declared

Family = Callable[[], Cases]


def _families() -> tuple[Family, ...]:
    """Every family of cases: each module of this folder has its own in `FAMILIES`."""
    found = cast("tuple[tuple[Family, ...], ...]", declared(folder, "FAMILIES"))
    return tuple(chain.from_iterable(found))


@cache
def cases() -> tuple[Case, ...]:
    """All cases in the order of their families; names are unique."""
    found = tuple(case for family in _families() for case in family())
    names = [case.name for case in found]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"cases of one name: {', '.join(sorted(repeated))}")
    return found
