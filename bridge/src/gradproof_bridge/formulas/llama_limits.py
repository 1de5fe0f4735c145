"""How far a training run may be from the one in float64: the limits that the format sets, and how far
right runs part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.formulas.bounded import F64, Bounded
from gradproof_bridge.formulas.halves import unit_of
from gradproof_bridge.formulas.llama_layers import Weights
from gradproof_bridge.formulas.llama_params import CURVE
from gradproof_bridge.formulas.llama_run import PER_STEP

# As the format says of training runs: losses and gradient norms relative, weights as a share of the
# tensor's largest value.
ABSOLUTE = 1e-6
RELATIVE, SHARE = 1e-4, 1e-3
IN_HALVES = 1e-2
"""Of losses."""
SPREADS = 10
_RUNS = 5
_FARTHEST = 0.02
"""Of what comes after step 20, whatever the spread."""
LEAST = 1e-5
"""Of a tensor's largest element, for what follows from one recorded state."""


def limited(name: str, y: F64, relative: float = RELATIVE, share: float = SHARE) -> Bounded:
    """An output of a short run with the limit that the format sets."""
    limit = (
        relative * np.abs(y)
        if name in PER_STEP
        else np.full(y.shape, share * float(np.abs(y).max(initial=0)))
    )
    return Bounded(y, limit + ABSOLUTE)


def limited_late(name: str, y: F64, apart: F64) -> Bounded:
    """An output of a run of more than 20 steps: what comes after these may be off by ten times the
    spread of right runs, at most 2 %.
    """
    short = limited(name, y)
    if name not in ("losses", "grad_norms"):
        if not name.startswith("final."):
            return short
        size = np.full(y.shape, float(np.abs(y).max(initial=0)))
        spread = np.full(y.shape, float(apart.max(initial=0)))
    else:
        size, spread = np.abs(y), np.maximum.accumulate(apart)
    late = np.maximum(short.error, np.minimum(SPREADS * spread, _FARTHEST * size))
    if name in PER_STEP:
        late[:CURVE] = short.error[:CURVE]
    return Bounded(y, late)


def spread(
    inputs: Inputs, dtype: str, run: Callable[[Mapping[str, Array]], Weights]
) -> dict[str, F64]:
    """How far apart five runs lie, element by element, whose start weights differ by half a unit in
    the last place of the format, up or down as chance has it.
    """
    runs = [run(_perturbed(inputs, dtype, seed)) for seed in range(_RUNS)]
    return {name: np.asarray(np.ptp([one[name] for one in runs], 0)) for name in runs[0]}


def _perturbed(inputs: Inputs, dtype: str, seed: int) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    return {
        name: x + unit_of(x, dtype) * (random.integers(0, 2, x.shape) - 0.5)
        if name.startswith(("base.", "lora0."))
        else x
        for name, x in inputs.items()
    }
