"""Weights that `npm start -- quantize --out` saved: each library reads the layout that is its own,
and decodes it to what was decoded where it was quantized, bit for bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.errors import FormatError, named
from gradproof_bridge.verification.check import Check
from gradproof_bridge.verification.saved_layers import LOADERS, Saved

SCHEME = "quantizer"
PREFIX = "gradproof."
"""Before the keys in a GGUF file, where others have theirs."""
_SHAPE, _GROUP, _DECODED = "shape.", "group.", "decoded."
_LEAST_NORMAL = np.float32(2.0**-126)


def verify_saved(
    name: str, written: Mapping[str, str], tensors: Mapping[str, Array]
) -> Iterator[Check]:
    """Each layer that the metadata name, by the library of its scheme: that of the file, or one of
    its own where it was saved before. One check for each scheme.
    """
    by_scheme: dict[str, list[str]] = {written[SCHEME]: []}
    for key in written:
        if key.startswith(_SHAPE):
            layer = key.removeprefix(_SHAPE)
            scheme = written.get(f"{SCHEME}.{layer}", written[SCHEME])
            by_scheme.setdefault(scheme, []).append(layer)
    for scheme, layers in by_scheme.items():
        yield _of_scheme(name, scheme, layers, written, tensors)


def _of_scheme(
    name: str,
    scheme: str,
    layers: Sequence[str],
    written: Mapping[str, str],
    tensors: Mapping[str, Array],
) -> Check:
    """Layers of one scheme."""
    method, *choices = scheme.split(";")
    what = f"{method} of {len(layers)} layers"
    if method not in LOADERS:
        return Check(name, what, "not-checked", "", "no library has this layout")
    library, load = LOADERS[method]
    backend = backend_named(library)
    if backend.problem is not None:
        return Check(name, what, "not-checked", library, backend.lacks)
    by = backend.producer()
    for layer in layers:
        parts = {
            key.removeprefix(f"{layer}."): x
            for key, x in tensors.items()
            if key.startswith(f"{layer}.")
        }
        try:
            shape = tuple(int(extent) for extent in written[f"{_SHAPE}{layer}"].split("x"))
            chosen = dict(_choice(one) for one in choices)
            # What the library took of this weight by itself.
            chosen["group"] = written.get(f"{_GROUP}{layer}", chosen["group"])
            decoded = load(Saved(method, chosen, shape, parts))
            expected = written[f"{_DECODED}{layer}"]
        except KeyError as error:
            return Check(name, what, "unreadable", by, f"{layer} lacks {error.args[0]}")
        except FormatError as error:
            return Check(name, what, "unreadable", by, f"{layer}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever the library has against the parts is the finding
            return Check(name, what, "unreadable", by, f"{layer}: {named(error)}")
        if decoded.shape != shape or digest_of(decoded) != expected:
            return Check(name, what, "deviates", by, f"{layer} is decoded to something else")
    return Check(name, what, "agrees", by)


def _choice(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value


def digest_of(decoded: Array) -> str:
    """SHA-256 of float32, little-endian; zeros and what is subnormal are +0."""
    floats = np.ascontiguousarray(decoded, "<f4")
    return hashlib.sha256(
        np.where(np.abs(floats) < _LEAST_NORMAL, np.float32(0), floats).tobytes()
    ).hexdigest()
