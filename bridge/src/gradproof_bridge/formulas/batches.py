"""Formulas of batches, for one of the batch alone, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import Bounded
from gradproof_bridge.formulas.expected import Expected, Real

Formula = Callable[[Inputs, Params], Mapping[str, Expected] | Mapping[str, Bounded]]


def alone_too(
    dimensions: int,
) -> Callable[[Formula], Callable[[Inputs, Params], dict[str, Expected]]]:
    """Of batches of so many dimensions: an x with one less is a batch of one."""

    def decorate(formula: Formula) -> Callable[[Inputs, Params], dict[str, Expected]]:
        @wraps(formula)
        def taking(inputs: Inputs, params: Params) -> dict[str, Expected]:
            is_alone = inputs["x"].ndim < dimensions
            given = {
                name: x[None] if is_alone and name in ("x", "grad.y") else x
                for name, x in inputs.items()
            }
            found: dict[str, Expected] = {}
            for name, y in formula(given, params).items():
                real = Real(y) if isinstance(y, Bounded) else y
                if is_alone and isinstance(real, Real) and name in ("y", "grad.x"):
                    real = Real(real.number.reshape(*real.shape[1:]))
                found[name] = real
            return found

        return taking

    return decorate
