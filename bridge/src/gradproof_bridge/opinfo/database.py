"""The samples of the installed torch."""

from __future__ import annotations

import random
import warnings
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gradproof_bridge.errors import MissingLibraryError
from gradproof_bridge.opinfo.expressed import DTYPES
from gradproof_bridge.opinfo.table.registry import Line, line_of


@dataclass(frozen=True)
class Operator:
    """An OpInfo with one element type: its samples are a function of these and the seed."""

    info: Any
    dtype: str

    @property
    def name(self) -> str:
        """Torch's name, with that of the variant behind a dot."""
        return name_of(self.info)

    @property
    def line(self) -> Line | None:
        """The table's function of it, if there is one."""
        return line_of(self.info.name, self.info.variant_test_name)

    def samples(self, seed: int) -> list[Any]:
        """Those of reference_inputs, which are those of sample_inputs and more where torch has
        more; of sample_inputs alone where torch's own function of the others fails. None where both
        do.
        """
        import torch

        dtype = getattr(torch, DTYPES[self.dtype])
        gradients = dtype in self.info.supported_backward_dtypes("cpu")
        for given in (self.info.reference_inputs, self.info.sample_inputs):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _seed(seed, f"{self.name} {self.dtype}")
                try:
                    return list(given("cpu", dtype, requires_grad=gradients, set_seed=False))
                except (AssertionError, RuntimeError, TypeError, ValueError):
                    continue
        return []


def name_of(info: Any) -> str:
    """`div.no_rounding_mode`."""
    return ".".join(part for part in (info.name, info.variant_test_name) if part)


@cache
def operators() -> tuple[Any, ...]:
    """Every OpInfo. Raises MissingLibraryError."""
    _import("torch")
    _import("expecttest")
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    # Torch's tests forbid to set what `deterministic` sets.
    torch.backends.flags_frozen.__globals__["__allow_nonbracketed_mutation_flag"] = True
    return tuple(op_db)


@cache
def optimizers() -> tuple[Any, ...]:
    """Every OptimizerInfo."""
    operators()
    from torch.testing._internal.common_optimizers import optim_db

    return tuple(optim_db)


def cells(info: Any) -> list[Operator]:
    """The OpInfo with each element type that torch computes it in on the processor and bundles
    hold.
    """
    supported = {str(dtype).removeprefix("torch.") for dtype in info.supported_dtypes("cpu")}
    return [Operator(info, short) for short, name in DTYPES.items() if name in supported]


def other_dtypes(info: Any) -> list[str]:
    """Element types that torch computes it in and bundles do not hold."""
    names = {str(dtype).removeprefix("torch.") for dtype in info.supported_dtypes("cpu")}
    return sorted(names - set(DTYPES.values()))


def count_samples(info: Any, seed: int) -> int:
    """How many samples an OpInfo has in the first element type that it shares with bundles."""
    return next((len(cell.samples(seed)) for cell in cells(info)), 0)


def count_errors(info: Any) -> int:
    """How many samples torch refuses on purpose; a bundle has no place for a refusal."""
    if info.error_inputs_func is None:
        return 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sum(1 for _ in info.error_inputs("cpu", set_seed=False))


def _import(name: str) -> None:
    try:
        __import__(name)
    except ImportError as error:
        raise MissingLibraryError(
            f"{name} is not installed, which torch's database of samples needs; install it with: "
            f"npm run bridge:setup, or pip install {name}"
        ) from error


def _seed(seed: int, name: str) -> None:
    """Sets every generator that torch's sample functions draw from."""
    import torch

    key = zlib.crc32(f"{seed} {name}".encode())
    torch.manual_seed(key)
    random.seed(key)
    np.random.seed(key)
