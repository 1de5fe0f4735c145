"""One recorded case: what went in, what came out, and who computed it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from gradproof_bridge.bundle.params import ACCUMULATE, without_nulls
from gradproof_bridge.bundle.params import storable as storable_params
from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors
from gradproof_bridge.bundle.stored import BUNDLE_DTYPES, Array, storable, stored_dtype
from gradproof_bridge.bundle.vocabulary import Params, op_spec
from gradproof_bridge.errors import FormatError, message_of

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "parity-bundle/1"
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,200}")


@dataclass(frozen=True)
class Bundle:
    """A parity bundle. Tensors go by the vocabulary's names without `in.` or `out.`; gradients are
    `grad.<name>`.
    """

    op: str
    params: Params
    producer: str
    device: str
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    note: str | None = None
    given: Params = field(default_factory=dict)
    """The parameters as they were stored, without defaults and without what is null."""


def read_bundle(file: bytes, *, needs_outputs: bool = True) -> Bundle:
    """Reads a parity bundle and checks names and dtypes; a question has no outputs. Raises
    FormatError in one line.
    """
    metadata, tensors = read_safetensors(file)
    schema = metadata.get("schema")
    if schema != SCHEMA:
        raise FormatError(f"schema is {schema!r}; {SCHEMA!r} is needed")
    for key in ("op", "params", "producer"):
        if key not in metadata:
            raise FormatError(f"__metadata__ lacks {key}")
    producer, device = metadata["producer"], metadata.get("device", "unknown device")
    for key, text in (("producer", producer), ("device", device)):
        if not _LINE.fullmatch(text):
            raise FormatError(f"__metadata__ {key} is not one line of at most 200 characters")
    spec = op_spec(metadata["op"])
    given = _params(metadata["params"])
    inputs = _group(tensors, "in.")
    outputs = _group(tensors, "out.")
    params = spec.fit(given, outputs)
    for name, array in tensors.items():
        _check_tensor(f"{spec.name}: {name}", name, array)
    spec.check_names(inputs, outputs)
    inputs |= _flowing(spec.outputs, inputs, outputs)
    spec.check_dtypes(inputs, outputs)
    if needs_outputs and not outputs:
        raise FormatError(f"{spec.name}: no out.* tensor: there is nothing to check")
    if needs_outputs:
        _check_accumulated(spec.name, given.get(ACCUMULATE), outputs)
    return Bundle(spec.name, params, producer, device, inputs, outputs, metadata.get("note"), given)


def _check_accumulated(op: str, said: object, outputs: Mapping[str, Array]) -> None:
    for name in said if isinstance(said, dict) else ():
        if name not in outputs:
            raise FormatError(f"{op}: params {ACCUMULATE!r}: there is no out.{name} to say it of")


def _flowing(
    names: tuple[str, ...], inputs: Mapping[str, Array], outputs: Mapping[str, Array]
) -> dict[str, Array]:
    """The gradient 1 of an op's one scalar, its first output, where gradients come out and none is
    stored that flows in.
    """
    if not any(name.startswith("grad.") for name in outputs) or any(
        name.startswith("grad.") for name in inputs
    ):
        return {}
    scalar = outputs.get(names[0])
    return {} if scalar is None or scalar.shape != (1,) else {f"grad.{names[0]}": np.ones(1, "f4")}


def write_bundle(bundle: Bundle) -> bytes:
    """The file of a bundle; equal content gives equal bytes. Raises FormatError for what the
    vocabulary does not have.
    """
    spec = op_spec(bundle.op)
    params = bundle.given or bundle.params
    spec.fill(params)
    spec.check_names(bundle.inputs, bundle.outputs)
    tensors = {f"in.{name}": storable(array) for name, array in bundle.inputs.items()}
    tensors |= {f"out.{name}": storable(array) for name, array in bundle.outputs.items()}
    metadata = {
        "schema": SCHEMA,
        "op": bundle.op,
        "params": json.dumps(storable_params(params), sort_keys=True),
        "producer": bundle.producer,
        "device": bundle.device,
        **({"note": bundle.note} if bundle.note else {}),
    }
    return write_safetensors(tensors, metadata)


def _params(text: str) -> Params:
    try:
        given = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"params is no JSON: {message_of(error, 120)}") from error
    if not isinstance(given, dict):
        raise FormatError("params is no JSON object")
    return without_nulls(given)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _group(tensors: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {
        name[len(prefix) :]: array for name, array in tensors.items() if name.startswith(prefix)
    }


def _check_tensor(what: str, name: str, array: Array) -> None:
    if not name.startswith(("in.", "out.")):
        raise FormatError(f"{what} begins with neither in. nor out.")
    if stored_dtype(array) not in BUNDLE_DTYPES:
        raise FormatError(f"{what} is {stored_dtype(array)}, which bundles do not hold")
    if array.ndim == 0:
        raise FormatError(f"{what} has no dimension; a scalar has shape [1]")
