"""Computes one op of the vocabulary with a library on this machine: what recording, verification
and the live bridge share.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.backends.base import Call, Inputs, Outputs
from gradproof_bridge.backends.registry import devices, resolve
from gradproof_bridge.bundle.stored import Array, storable
from gradproof_bridge.bundle.vocabulary import Params, op_spec
from gradproof_bridge.errors import BridgeError, ComputeError, MissingLibraryError, named

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Result", "compute", "compute_with", "devices"]


@dataclass(frozen=True)
class Result:
    """What a library computed, and who it was."""

    outputs: Outputs
    producer: str
    versions: Mapping[str, str]
    """Of the libraries that computed, by PyPI's names."""
    device: str
    note: str | None


def compute(bundle_inputs: Inputs, op: str, params: Params, backend: str) -> Outputs:
    """Outputs of `op` by the vocabulary's names.

    Args:
        bundle_inputs: arrays by name without `in.`; where `grad.<output>` is among them, `grad.<input>` are among the outputs.
        op: name in the vocabulary.
        params: parameters; what is absent has the vocabulary's default.
        backend: a device (`cpu`, `cuda:0`, `mps`, `mlx`), a library (`numpy`) or both (`torch:cpu`).

    Raises:
        BridgeError: always one line: a name or parameter that the op does not have, a library or device that is missing, inputs that
            the library refused.
    """
    return compute_with(bundle_inputs, op, params, backend).outputs


def compute_with(
    bundle_inputs: Inputs,
    op: str,
    params: Params,
    backend: str,
    recorded: Mapping[str, Array] | None = None,
) -> Result:
    """As `compute`, with who computed it and on which device. `recorded` outputs tell what
    parameters leave open.
    """
    spec = op_spec(op)
    filled = spec.fit(params, recorded or {})
    spec.check_names(bundle_inputs, ())
    call = Call(op, bundle_inputs, filled, "")
    chosen, device = resolve(op, backend, call)
    call = replace(call, device=device)
    try:
        # Warnings about NaN and infinite inputs are the caller's business; what one library warns
        # another of is not.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            outputs = chosen.compute(call)
    except BridgeError:
        raise
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            f"{chosen.name} needs {error.name} for this {op}; install it with: {chosen.install}"
        ) from error
    except Exception as error:  # libraries raise what they like; the caller gets one line
        raise ComputeError(f"{chosen.name} failed on {op}: {named(error)}") from error
    return Result(
        _storable(outputs), chosen.producer(call), chosen.versions(call), device, chosen.note(call)
    )


def _storable(outputs: Mapping[str, Array]) -> Outputs:
    return {name: storable(array) for name, array in outputs.items()}
