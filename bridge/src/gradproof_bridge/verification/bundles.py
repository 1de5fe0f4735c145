"""Parity bundles: judged by the formula, and by the library that computes the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gradproof_bridge.bundle.bundle import Bundle, read_bundle
from gradproof_bridge.bundle.safetensors_file import read_safetensors
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.compute import compute_with
from gradproof_bridge.errors import BridgeError, FormatError, NotImplementedOpError
from gradproof_bridge.recording.judge import judge, judge_bundle
from gradproof_bridge.verification.check import Check


def is_bundle(file: bytes) -> bool:
    """Whether a file wants to be a parity bundle, of whatever version, and not just any safetensors
    file.
    """
    try:
        metadata, tensors = read_safetensors(file)
    except FormatError:
        return False
    return metadata.get("schema", "").startswith("parity-bundle") or (
        "op" in metadata
        and bool(tensors)
        and all(name.startswith(("in.", "out.")) for name in tensors)
    )


def verify_bundle(name: str, file: bytes, device: str) -> Iterator[Check]:
    """The formula's word on the bundle, then the library's."""
    try:
        bundle = read_bundle(file)
    except FormatError as error:
        yield Check(name, "parity bundle", "unreadable", "", str(error))
        return
    what = f"{bundle.op} by {bundle.producer}"
    with np.errstate(all="ignore"):
        judged = _by_formula(name, what, bundle)
        yield judged
        if judged.verdict in ("agrees", "loose", "deviates"):
            yield _by_library(name, what, bundle, device, judged)


def _by_formula(name: str, what: str, bundle: Bundle) -> Check:
    try:
        found = judge_bundle(bundle)
    except NotImplementedOpError as error:
        return Check(name, what, "not-checked", "the formula", str(error))
    except FormatError as error:
        return Check(name, what, "unreadable", "the formula", str(error))
    if found.findings:
        return Check(name, what, "deviates", "the formula", "; ".join(map(str, found.findings)))
    if found.loose:
        detail = f"whose bound would notice {', '.join(map(str, found.loose))}"
        return Check(name, what, "loose", "the formula", detail)
    return Check(name, what, "agrees", "the formula")


def _by_library(name: str, what: str, bundle: Bundle, device: str, judged: Check) -> Check:
    try:
        found = compute_with(bundle.inputs, bundle.op, bundle.given, device, bundle.outputs)
    except BridgeError as error:
        return Check(name, what, "not-checked", "a library", f"{error.code}: {error}")
    by = f"{found.producer} on {found.device}"
    try:
        theirs = judge(
            bundle.op,
            bundle.inputs,
            bundle.params,
            {key: x for key, x in found.outputs.items() if key in bundle.outputs},
        )
    except FormatError as error:
        return Check(
            name, what, "not-checked", by, f"the library itself gives something else: {error}"
        )
    if theirs:
        return Check(
            name,
            what,
            "not-checked",
            by,
            f"the library itself deviates from the formula: {theirs[0]}",
        )
    if judged.verdict == "deviates":
        return Check(
            name,
            what,
            "deviates",
            by,
            "the library gives what the formula allows, the bundle does not",
        )
    # What the formula can hardly tell, that both are within its bound does not tell either.
    return Check(name, what, judged.verdict, by, _nearness(bundle.outputs, found.outputs))


def _nearness(ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> str:
    """How far the two are apart: floats relative to the largest value of their tensor, codes by how
    many differ.
    """
    shares, differing, codes = [0.0], 0, 0
    for name, x in ours.items():
        if name not in theirs:
            continue
        a, b = x.astype(np.float64), theirs[name].astype(np.float64)
        if x.dtype.kind in "iu":
            differing, codes = differing + int((a != b).sum()), codes + a.size
            continue
        finite = np.isfinite(a) & np.isfinite(b)
        size = np.abs(b[finite]).max(initial=0)
        if size > 0:
            shares.append(float(np.abs(a - b)[finite].max() / size))
    said = f"largest difference {max(shares):.2g} of the largest value"
    return said if codes == 0 else f"{said}; {differing} of {codes} integers differ"
