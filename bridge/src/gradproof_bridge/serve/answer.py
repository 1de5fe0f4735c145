"""What the process that computes says: what can be asked of it, and the answer to a question.

A library is loaded when it is asked first: a page that asks numpy does not wait for PyTorch.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gradproof_bridge.backends.registry import backends
from gradproof_bridge.bundle.bundle import read_bundle
from gradproof_bridge.bundle.safetensors_file import write_safetensors
from gradproof_bridge.compute import compute_with
from gradproof_bridge.errors import MissingDeviceError

if TYPE_CHECKING:
    from gradproof_bridge.backends.base import Backend


def describe() -> dict[str, Any]:
    """Every library with every device that it reaches here, and why others are missing."""
    return {
        "backends": [_describe(backend, device) for backend, device in _places()],
        "missing": [
            {"name": backend.name, "reason": str(backend.absent)}
            for backend in backends()
            if backend.absent is not None
        ],
    }


def load(backend_id: str) -> None:
    """Loads the library behind a backend. Raises MissingLibraryError where that fails."""
    _place(backend_id)[0].demand()


def answer(backend_id: str, question: bytes) -> bytes:
    """The outputs that a bundle of inputs asks for, as a bundle of outputs. Raises BridgeError in
    one line.
    """
    asked = read_bundle(question, needs_outputs=False)
    backend, device = _place(backend_id)
    started = time.perf_counter()
    result = compute_with(asked.inputs, asked.op, asked.given, f"{backend.name}:{device}")
    took = (time.perf_counter() - started) * 1000
    told = {
        "schema": "parity-bundle/1",
        "op": asked.op,
        "producer": result.producer,
        "device": result.device,
        "took_ms": f"{took:.3f}",
        **({"note": result.note} if result.note else {}),
    }
    return write_safetensors({f"out.{name}": array for name, array in result.outputs.items()}, told)


def _places() -> list[tuple[Backend, str]]:
    return [
        (backend, device)
        for backend in backends()
        if backend.absent is None
        for device in backend.devices()
    ]


def _place(backend_id: str) -> tuple[Backend, str]:
    """Library and device that `describe` gave this name. Raises MissingDeviceError when they are
    gone since.
    """
    for backend, device in _places():
        if _id(backend, device) == backend_id:
            return backend, device
    raise MissingDeviceError(f"{backend_id} is not here any more: start the bridge again")


def _describe(backend: Backend, device: str) -> dict[str, Any]:
    return {
        "id": _id(backend, device),
        "device": device,
        "libraries": [
            {"name": name, "version": version} for name, version in backend.versions().items()
        ],
        "ops": sorted(backend.ops()),
    }


def _id(backend: Backend, device: str) -> str:
    """In kebab case, as the page's reports name it: `torch-cpu`, `torch-cuda-0`, `mlx`."""
    return backend.name if backend.name == device else f"{backend.name}-{device.replace(':', '-')}"
