"""What the modules of a package declare: an addition is a file, and no list names it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")


def declared(package: ModuleType, name: str) -> tuple[object, ...]:
    """The value of `name` in every module of the package that has one, by the module's name."""
    names = sorted(info.name for info in iter_modules(package.__path__) if info.name != "registry")
    modules = [import_module(f"{package.__name__}.{each}") for each in names]
    return tuple(getattr(module, name) for module in modules if hasattr(module, name))


def joined(tables: tuple[Mapping[str, T], ...]) -> Mapping[str, T]:
    """One table of them all. Raises ValueError when two have the same key."""
    keys = [key for table in tables for key in table]
    repeated = {key for key in keys if keys.count(key) > 1}
    if repeated:
        raise ValueError(f"declared twice: {', '.join(sorted(repeated))}")
    return {key: value for table in tables for key, value in table.items()}
