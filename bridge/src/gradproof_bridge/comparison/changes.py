"""Two recordings, case by case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.comparison.side import Side
from gradproof_bridge.errors import BridgeError
from gradproof_bridge.plain import plain
from gradproof_bridge.recording.judge import judge_bundle

Kind = Literal["same", "changed", "new", "gone", "incomparable", "not-recorded"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Change:
    """How a case differs between two recordings."""

    name: str
    kind: Kind
    detail: str = ""

    def line(self) -> str:
        """The change on one line of text."""
        return plain(f"{self.kind:<13} {self.name}" + (f": {self.detail}" if self.detail else ""))


def compare(before: Side, after: Side) -> Iterator[Change]:
    """The cases that both sides could have."""
    for key in sorted(before.bundles.keys() | after.bundles.keys()):
        if not (before.covers(key) and after.covers(key)):
            continue
        old, new = before.bundles.get(key), after.bundles.get(key)
        if old is not None and new is not None:
            yield _change(str(key), old, new)
            continue
        reason = (after if new is None else before).missing.get(key)
        if reason is not None:
            yield Change(str(key), "not-recorded", reason)
        else:
            yield Change(str(key), "gone" if new is None else "new")


def _change(name: str, old: Bundle, new: Bundle) -> Change:
    if old.op != new.op or old.params != new.params or not _equal(old.inputs, new.inputs):
        return Change(name, "incomparable", "op, params or inputs differ")
    if old.outputs.keys() == new.outputs.keys() and _equal(old.outputs, new.outputs):
        return Change(name, "same")
    parts = [
        _difference(key, old.outputs.get(key), new.outputs.get(key))
        for key in sorted(old.outputs.keys() | new.outputs.keys())
    ]
    said = f"{old.producer} ({_verdict(old)}) -> {new.producer} ({_verdict(new)}): " + ", ".join(
        part for part in parts if part
    )
    return Change(name, "changed", said)


def _equal(a: Mapping[str, Array], b: Mapping[str, Array]) -> bool:
    return a.keys() == b.keys() and all(_alike(x, b[name]) for name, x in a.items())


def _alike(x: Array, y: Array) -> bool:
    return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()


def _difference(name: str, old: Array | None, new: Array | None) -> str:
    if old is None or new is None:
        return f"out.{name} {'appeared' if old is None else 'is gone'}"
    if old.dtype != new.dtype or old.shape != new.shape:
        return f"out.{name} was {old.dtype}{list(old.shape)}, is {new.dtype}{list(new.shape)}"
    if _alike(old, new):
        return ""
    a, b = old.astype(np.float64), new.astype(np.float64)
    differing = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    if not differing.any():
        return f"out.{name} differs in the sign of zeros or in the bits of NaN"
    apart = np.abs(a - b)[differing & np.isfinite(a) & np.isfinite(b)]
    return f"out.{name} differs in {int(differing.sum())} of {a.size} elements" + (
        f" by up to {apart.max():.3g}" if apart.size else ""
    )


def _verdict(bundle: Bundle) -> str:
    """Whether the recording matches its formula."""
    try:
        with np.errstate(all="ignore"):
            judgement = judge_bundle(bundle)
    except BridgeError as error:
        return f"cannot be judged: {error}"
    if judgement.findings:
        return "deviates from the formula"
    return "matches the formula within a loose bound" if judgement.loose else "matches the formula"
