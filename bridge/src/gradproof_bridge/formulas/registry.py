"""The formula of each op."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import cast

from gradproof_bridge import formulas
from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.folder import declared, joined
from gradproof_bridge.formulas.bounded import Bounded
from gradproof_bridge.formulas.expected import Expected, Real

Formula = Callable[[Inputs, Params], Mapping[str, Expected] | Mapping[str, Bounded]]


@cache
def _formulas() -> Mapping[str, Formula]:
    """Every formula by op: each module of this folder has its own in `FORMULAS`."""
    return joined(cast("tuple[Mapping[str, Formula], ...]", declared(formulas, "FORMULAS")))


Consequence = Callable[[Inputs, Params, Mapping[str, Array]], Mapping[str, Expected]]


@cache
def _consequences() -> Mapping[str, Consequence]:
    """What follows of outputs that are given: `CONSEQUENCES` of the modules that have some."""
    return joined(cast("tuple[Mapping[str, Consequence], ...]", declared(formulas, "CONSEQUENCES")))


def known_ops() -> frozenset[str]:
    """The ops that have a formula."""
    return frozenset(_formulas())


def expect(op: str, inputs: Inputs, params: Params) -> dict[str, Expected]:
    """What the op's formula expects of every output and gradient. KeyError for an op without one."""
    outputs = _formulas()[op](inputs, params)
    return {name: Real(y) if isinstance(y, Bounded) else y for name, y in outputs.items()}


def follow(
    op: str, inputs: Inputs, params: Params, outputs: Mapping[str, Array]
) -> Mapping[str, Expected]:
    """What outputs of an answer say of its others: tighter than the formula alone, which has to
    allow for ties.
    """
    return _consequences()[op](inputs, params, outputs) if op in _consequences() else {}
