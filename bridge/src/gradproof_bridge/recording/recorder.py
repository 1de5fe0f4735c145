"""Records cases: asks a library, checks its answer against the formula, and makes a bundle of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradproof_bridge.backends.bitsandbytes_backend import decays_after_step, rounding_of
from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.bundle.stored import storable
from gradproof_bridge.bundle.vocabulary import Params, op_spec
from gradproof_bridge.cases.case import Case
from gradproof_bridge.compute import compute_with
from gradproof_bridge.errors import BridgeError, ComputeError, MissingDeviceError
from gradproof_bridge.recording.accumulation import accumulation
from gradproof_bridge.recording.folder import Filed
from gradproof_bridge.recording.judge import Finding, judge_bundle
from gradproof_bridge.recording.machine import device_name

_ROUNDINGS = ("rounding", "nested_rounding", "state_rounding")


@dataclass(frozen=True)
class Recorded:
    """A bundle with the place that it has in a recording, and what of it deviates from its formula."""

    filed: Filed
    findings: tuple[Finding, ...]

    @property
    def path(self) -> str:
        """Path in a recording, without extension."""
        return self.filed.path

    @property
    def bundle(self) -> Bundle:
        """What was recorded."""
        return self.filed.bundle


@dataclass(frozen=True)
class LeftOut:
    """A case that no library here computes, and why; `device` is the kind that was asked for."""

    distribution: str
    name: str
    device: str
    reason: str


def record(cases: Iterable[Case], seed: int, device: str | None) -> Iterator[Recorded | LeftOut]:
    """Each case in turn. `device` None is the processor: cpu, and MLX's own where it runs on it."""
    for case in cases:
        try:
            yield record_case(case, seed, device)
        except BridgeError as error:
            distribution = backend_named(case.library).distributions[0]
            yield LeftOut(
                distribution,
                case.name,
                device or ("mlx" if case.library == "mlx" else "cpu"),
                f"{error.code}: {error}",
            )


def record_case(case: Case, seed: int, device: str | None = None) -> Recorded:
    """One case. Raises BridgeError when it cannot be computed here, or not twice alike."""
    library = backend_named(case.library)
    library.demand()
    place = _device(case, device)
    inputs = {name: storable(x) for name, x in case.inputs(seed).items()}
    if not inputs and place != library.devices()[0]:
        raise MissingDeviceError(
            f"{case.op} takes no tensor that could be on {place}: the processor computes it"
        )
    params = params_on(case, place)
    where = place if place == case.library else f"{case.library}:{place}"
    first, second = (compute_with(inputs, case.op, params, where) for _ in range(2))
    unsteady = [
        name for name, x in first.outputs.items() if x.tobytes() != second.outputs[name].tobytes()
    ]
    if unsteady:
        raise ComputeError(
            f"{case.library} gives out.{unsteady[0]} of {case.op} differently each time: it cannot be recorded"
        )
    params |= accumulation(case.op, inputs, params, first.outputs, where)
    bundle = Bundle(
        op=case.op,
        params=params,
        producer=first.producer,
        device=device_name(first.device),
        inputs=inputs,
        outputs=first.outputs,
        given=params,
    )
    findings = _check(bundle)
    notes = [
        text for text in (case.note if findings else None, first.note, *map(str, findings)) if text
    ]
    noted = Bundle(**{**vars(bundle), "note": "; ".join(notes) or None})
    path = f"{folder_of(library.name, library.version(), bundle.device)}/{case.name}"
    return Recorded(Filed(path, noted, first.versions), tuple(findings))


def folder_of(library: str, version: str, device: str) -> str:
    """`bitsandbytes-0.50.2`; on another device than the processor also its model:
    `bitsandbytes-0.50.2-cuda-nvidia-h200`.
    """
    kind = _slug(device).removeprefix(library).strip("-")
    # What follows a plus is the build, which the bundle names.
    return "-".join(
        [library, version.partition("+")[0], *([kind] if kind not in ("", "cpu") else [])]
    )


def _slug(device: str) -> str:
    """`cuda:0 (NVIDIA H200)` as `cuda-nvidia-h200`: which of several equal cards it was does not
    matter.
    """
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"^(\w+):\d+", r"\1", device.lower())).strip("-")


def _device(case: Case, device: str | None) -> str:
    known = backend_named(case.library).devices()
    if device is None:
        return known[0]
    found = next((name for name in known if device in (name, name.partition(":")[0])), None)
    if found is None:
        raise MissingDeviceError(f"{case.library} does not reach the device {device} here")
    return found


def params_on(case: Case, device: str) -> Params:
    """The case's parameters. They say how bitsandbytes rounds 8-bit codes and when it decays
    weights, which is another way on CUDA.
    """
    order = (
        {"decay_after_step": True}
        if case.params.get("optimizer") == "adamw8bit" and decays_after_step(device)
        else {}
    )
    return {
        **{
            name: rounding_of(device) if name in _ROUNDINGS else value
            for name, value in case.params.items()
        },
        **order,
    }


def _check(bundle: Bundle) -> list[Finding]:
    with np.errstate(all="ignore"):
        return judge_bundle(replace(bundle, params=op_spec(bundle.op).fill(bundle.params))).findings
