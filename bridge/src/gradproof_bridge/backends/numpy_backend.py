"""The formulas themselves, rounded to what a library would store: needs nothing but numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.bundle.stored import FLOAT_DTYPES, stored_dtype
from gradproof_bridge.formulas.expected import Real
from gradproof_bridge.formulas.registry import expect, known_ops


class NumpyBackend(Backend):
    """Float64 formulas by numpy."""

    name: ClassVar[str] = "numpy"
    distributions: ClassVar[tuple[str, ...]] = ("numpy",)
    modules: ClassVar[tuple[str, ...]] = ("numpy",)
    packages: ClassVar[tuple[str, ...]] = ("numpy",)
    setup: ClassVar[str] = "npm run bridge:setup -- --minimal"

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def ops(self) -> Mapping[str, Compute]:
        return dict.fromkeys(known_ops(), _compute)

    def producer(self, call: Call | None = None) -> str:
        return f"{super().producer(call)} (float64 formula)"


def _compute(call: Call) -> Outputs:
    # Results are stored as the first float among the inputs is, or as a parameter says.
    floats = [x.dtype for x in call.inputs.values() if stored_dtype(x) in FLOAT_DTYPES]
    dtype = floats[0] if floats else np.dtype(np.float64)
    return {
        name: expected.stored((isinstance(expected, Real) and expected.kept_as) or dtype)
        for name, expected in expect(call.op, call.inputs, call.params).items()
    }
