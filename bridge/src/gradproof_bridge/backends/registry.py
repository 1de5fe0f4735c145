"""All backends, and who computes an op on a device."""

from __future__ import annotations

import logging
from functools import cache

from gradproof_bridge.backends.base import Backend, Call
from gradproof_bridge.backends.bitsandbytes_backend import BitsandbytesBackend
from gradproof_bridge.backends.gguf_backend import GgufBackend
from gradproof_bridge.backends.hqq_backend import HqqBackend
from gradproof_bridge.backends.mlx_backend import MlxBackend
from gradproof_bridge.backends.numpy_backend import NumpyBackend
from gradproof_bridge.backends.onnxruntime_backend import OnnxRuntimeBackend
from gradproof_bridge.backends.peft_backend import PeftBackend
from gradproof_bridge.backends.quanto_backend import QuantoBackend
from gradproof_bridge.backends.torch_backend import TorchBackend
from gradproof_bridge.backends.transformers_backend import TransformersBackend
from gradproof_bridge.errors import (
    MissingDeviceError,
    MissingLibraryError,
    NotImplementedOpError,
    UsageError,
)

# On a CPU bitsandbytes warns, as it is imported, that it could fetch a faster kernel from a hub:
# nothing is fetched here.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


@cache
def backends() -> tuple[Backend, ...]:
    """Every backend, those whose numbers are asked for first: the library that defines an op comes
    before one that only has it too.
    """
    return (
        BitsandbytesBackend(),
        PeftBackend(),
        HqqBackend(),
        QuantoBackend(),
        GgufBackend(),
        TransformersBackend(),
        TorchBackend(),
        MlxBackend(),
        OnnxRuntimeBackend(),
        NumpyBackend(),
    )


@cache
def devices() -> tuple[str, ...]:
    """The devices that some installed library reaches, cpu first."""
    found = [
        device for backend in backends() if backend.problem is None for device in backend.devices()
    ]
    return tuple(dict.fromkeys(["cpu", *found]))


def distributions() -> dict[str, str]:
    """PyPI's name of each backend's library."""
    return {backend.name: backend.distributions[0] for backend in backends()}


def backend_named(name: str) -> Backend:
    """The backend of that name. Raises MissingLibraryError."""
    for backend in backends():
        if backend.name == name:
            return backend
    raise MissingLibraryError(
        f"there is no backend {name!r}; known are {', '.join(backend.name for backend in backends())}"
    )


def resolve(op: str, where: str, call: Call | None = None) -> tuple[Backend, str]:
    """Who computes `op` and on which device.

    `where` is a device (`cpu`, `cuda`, `cuda:1`, `mps`, `mlx`), a library (`torch`, `numpy`), or
    both (`torch:cuda:0`).

    With a `call`, libraries that have only another part of the op are passed over.

    Raises MissingDeviceError, MissingLibraryError or NotImplementedOpError, each with what to do.
    """
    library, device = _parse(where)
    able = [
        backend for backend in backends() if op in backend.ops() and library in (None, backend.name)
    ]
    able = [backend for backend in able if call is None or backend.computes(call)]
    if not able:
        raise NotImplementedOpError(
            f"no backend computes {op}" if library is None else f"{library} does not compute {op}"
        )
    missing = [backend for backend in able if backend.problem is not None]
    for backend in able:
        if backend.problem is None:
            found = _device(backend, device)
            if found is not None:
                return backend, found
    for backend in missing:
        backend.demand()
    raise MissingDeviceError(
        f"{', '.join(backend.name for backend in able)} cannot use the device {device or where!r} here"
    )


def require_device(where: str) -> None:
    """Raises UsageError when `where`, as `resolve` takes it, is neither a library nor a device that
    is here.
    """
    library, device = _parse(where)
    usable = [
        backend
        for backend in backends()
        if backend.problem is None and library in (None, backend.name)
    ]
    if any(_device(backend, device) is not None for backend in usable):
        return
    if library is not None and not usable:
        backend_named(library).demand()
    # MLX is the name of both.
    known = ", ".join(
        dict.fromkeys(
            (*devices(), *(backend.name for backend in backends() if backend.problem is None))
        )
    )
    raise UsageError(
        f"--backend {where}: there is no such device or library here; there are {known}"
    )


def _parse(where: str) -> tuple[str | None, str | None]:
    head, _, rest = where.partition(":")
    # MLX alone is the name of its device too.
    if any(head == backend.name for backend in backends()) and where != "mlx":
        return head, rest or None
    return None, where


def _device(backend: Backend, wanted: str | None) -> str | None:
    known = backend.devices()
    if wanted is None:
        return known[0] if known else None
    return next(
        (device for device in known if device == wanted or device.partition(":")[0] == wanted), None
    )
