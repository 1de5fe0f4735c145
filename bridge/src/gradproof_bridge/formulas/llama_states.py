"""Single steps of a training run, each from the state that was recorded before it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.adamw_8bit import through_8bit
from gradproof_bridge.formulas.blockwise import dynamic_map_values
from gradproof_bridge.formulas.bounded import F64, Bounded
from gradproof_bridge.formulas.expected import Codes, Expected, Real
from gradproof_bridge.formulas.llama_base import start
from gradproof_bridge.formulas.llama_layers import Weights
from gradproof_bridge.formulas.llama_limits import (
    ABSOLUTE,
    IN_HALVES,
    LEAST,
    RELATIVE,
    SPREADS,
    spread,
)
from gradproof_bridge.formulas.llama_names import current
from gradproof_bridge.formulas.llama_params import CURVE
from gradproof_bridge.formulas.llama_run import Stepped, step_from, store_of
from gradproof_bridge.formulas.llama_update import MOMENTS, State, is_in_8_bits, kept_names
from gradproof_bridge.formulas.shapes import block_of
from gradproof_bridge.formulas.torch_optim import counted

_NAME = re.compile(r"state\.([1-9]\d{0,8})\.(.+)")
_OF_MOMENTS = (
    *(f".{moment}{suffix}" for moment in MOMENTS for suffix in ("", "_absmax")),
    *(".momentum_buffer", ".square_avg", ".acc_delta", ".grad_avg", ".max_exp_avg_sq"),
)


def states_of(outputs: Mapping[str, Array]) -> dict[int, dict[str, Array]]:
    """What stands before each step that is there, by step and name."""
    found: dict[int, dict[str, Array]] = {}
    for name, x in outputs.items():
        match = _NAME.fullmatch(name)
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = x
    return dict(sorted(found.items()))


def judged_by_states(
    inputs: Inputs, params: Params, outputs: Mapping[str, Array], free: Mapping[str, Expected]
) -> dict[str, Expected]:
    """What the recorded states of a run say of its other outputs; `free` is what the run says of
    itself. Raises FormatError for a state that is not whole.
    """
    states = states_of(outputs)
    if not states:
        return {}
    _, trained = start(inputs, params)
    read = {
        step: _read(step, tensors, trained, params, outputs) for step, tensors in states.items()
    }
    curves = {name: _curve(name, free, params) for name in ("losses", "grad_norms")}
    expected: dict[str, Expected] = {}
    for step, state in read.items():
        one = step_from(inputs, params, state, step - 1, store_of(params))
        apart = _spread(inputs, params, state, step)
        relative = IN_HALVES if "autocast_dtype" in params else RELATIVE
        for name, y in (("losses", one.loss), ("grad_norms", one.norm)):
            limit = relative * abs(y) + ABSOLUTE
            if name == "grad_norms":
                limit = max(limit, SPREADS * float(apart["norm"]))
            curves[name].value[step - 1], curves[name].error[step - 1] = y, limit
        overflowed = _overflowed_alone(step, params, outputs)
        if overflowed:
            curves["grad_norms"].value[step - 1] = math.nan
        expected |= (
            _left_out(step, states, params)
            if overflowed or math.isnan(one.norm)
            else _after(step, one, apart, params, read)
        )
    return expected | {name: Real(curve) for name, curve in curves.items()}


def _curve(name: str, free: Mapping[str, Expected], params: Params) -> Bounded:
    """What the run itself says of a curve, whose other steps are not held."""
    own = free[name]
    if not isinstance(own, Real):
        raise TypeError(name)
    error = own.number.error.copy()
    if name == "grad_norms":
        error[:] = np.inf
    error[CURVE : params["steps"]] = np.inf
    return Bounded(own.number.value.copy(), error)


def _read(
    step: int,
    tensors: Mapping[str, Array],
    trained: list[str],
    params: Params,
    outputs: Mapping[str, Array],
) -> State:
    if step > params["steps"]:
        raise FormatError(f"train_llama: out.state.{step} of a run of {params['steps']} steps")
    named = {_current(name): x for name, x in tensors.items()}

    def part(name: str) -> Array:
        if name not in named:
            raise FormatError(f"train_llama: out.state.{step}.{name} is missing")
        return named[name]

    scaling: Params | None = params.get("grad_scaler")
    taken = _taken(step, params, outputs)
    kept = {}
    for name in trained:
        x = part(name).astype(np.float64)
        in_8_bits = is_in_8_bits(x, params)
        kept[name] = {
            moment: _decoded(
                part(f"{name}.{moment}"),
                part(f"{name}.{moment}_absmax"),
                moment,
                params["blocksize"],
            )
            if in_8_bits
            else part(f"{name}.{moment}").astype(np.float64)
            for moment in kept_names(params)
        } | counted(taken, params)
    return State(
        {name: part(name).astype(np.float64) for name in trained},
        kept,
        taken,
        float(part("scale").reshape(-1)[0]) if scaling else 1.0,
        int(part("growth_tracker").reshape(-1)[0]) if scaling else 0,
    )


def _current(name: str) -> str:
    """A name of a state, with the name that its parameter goes by now."""
    for ending in _OF_MOMENTS:
        if name.endswith(ending):
            return current(name.removesuffix(ending)) + ending
    return current(name)


def _decoded(codes: Array, absmax: Array, moment: str, blocksize: int) -> F64:
    """What the codes of a moment stand for."""
    table = dynamic_map_values(signed=moment == "exp_avg")
    scales = absmax.astype(np.float64)[block_of(codes.size, blocksize)]
    return np.asarray((table[codes.reshape(-1)] * scales).reshape(codes.shape))


def _taken(step: int, params: Params, outputs: Mapping[str, Array]) -> int:
    """Steps that the optimizer took before: the scale of the loss falls where one was left out."""
    scaling: Params | None = params.get("grad_scaler")
    scales = outputs.get("scale")
    if not scaling or scales is None:
        return step - 1
    before = np.concatenate([[scaling["init_scale"]], scales[: step - 1].astype(np.float64)])
    return int((np.diff(before) >= 0).sum())


def _spread(inputs: Inputs, params: Params, state: State, step: int) -> dict[str, F64]:
    """How far what follows from a state lies apart where the weights differ by half a unit."""
    dtype = params.get("autocast_dtype", "float32")
    own = {f"lora0.{name}": x for name, x in state.trained.items()}

    def of(changed: Mapping[str, Array]) -> Weights:
        trained = {name: np.asarray(changed[f"lora0.{name}"]) for name in state.trained}
        rest = {name: x for name, x in changed.items() if not name.startswith("lora0.")}
        adapters = {name: x for name, x in inputs.items() if name.startswith("lora0.")}
        moved = State(trained, state.kept, state.taken, state.scale, state.tracker)
        one = step_from({**rest, **adapters}, params, moved, step - 1, store_of(params))
        # Each run is measured from where it began.
        gone = {f"param.{name}": x - trained[name] for name, x in one.after.trained.items()}
        return {"norm": np.asarray(one.norm), **gone, **_moments(one)}

    return spread({**inputs, **own}, dtype, of)


def _moments(one: Stepped) -> Weights:
    return {
        f"{moment}.{name}": x for name, kept in one.after.kept.items() for moment, x in kept.items()
    }


def _overflowed_alone(step: int, params: Params, outputs: Mapping[str, Array]) -> bool:
    """Whether the library left out the step: what stands between in its backward pass may be beyond
    the range of float16 where no gradient is.
    """
    norms = outputs.get("grad_norms")
    is_scaled = "grad_scaler" in params and params.get("autocast_dtype") == "float16"
    return is_scaled and norms is not None and not math.isfinite(norms[step - 1])


def _left_out(
    step: int, states: Mapping[int, Mapping[str, Array]], params: Params
) -> dict[str, Expected]:
    """A step whose gradients overflow leaves parameters and what is kept of them as they were."""
    found: dict[str, Expected] = {}
    for name, x in states[step].items():
        if name in ("scale", "growth_tracker"):
            continue
        is_code = np.issubdtype(x.dtype, np.integer)
        same: Expected = (
            Codes(x, x, x) if is_code else Real(Bounded(x.astype(np.float64), np.zeros(x.shape)))
        )
        if step + 1 in states and name in states[step + 1]:
            found[f"state.{step + 1}.{name}"] = same
        if step == params["steps"] and not name.endswith(_OF_MOMENTS):
            found[f"final.{current(name)}"] = same
    return found


def _after(
    step: int, one: Stepped, apart: Mapping[str, F64], params: Params, states: Mapping[int, State]
) -> dict[str, Expected]:
    """Parameters and state after a step, where they were recorded."""
    found: dict[str, Expected] = {}

    def bounded_by(y: F64, name: str) -> Bounded:
        limit = max(
            LEAST * float(np.abs(y).max(initial=0)), SPREADS * float(apart[name].max(initial=0))
        )
        return Bounded(y, np.full(y.shape, limit + ABSOLUTE**2))

    for name, y in one.after.trained.items():
        param = Real(bounded_by(y, f"param.{name}"))
        if step == params["steps"]:
            found[f"final.{name}"] = param
        if step + 1 not in states:
            continue
        at = f"state.{step + 1}.{name}"
        found[at] = param
        for moment in kept_names(params):
            kept = bounded_by(one.after.kept[name][moment], f"{moment}.{name}")
            if not is_in_8_bits(y, params):
                found[f"{at}.{moment}"] = Real(kept)
                continue
            _, (codes, absmax) = through_8bit(kept, params, signed=moment == "exp_avg")
            found |= {f"{at}.{moment}": codes, f"{at}.{moment}_absmax": Real(absmax)}
    return found
