"""numpy arrays to torch tensors and back, bfloat16 included, and a deterministic CPU."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from gradproof_bridge.bundle.stored import Array

    Tensors = dict[str, Tensor]
    """Outputs by the vocabulary's names."""

_GPU_NODES = ("dri", "dxg", "kfd", "nvidiactl", "nvmap")
"""Of graphics cards, WSL, ROCm, CUDA, CUDA on Jetson."""
_BF16 = np.dtype(ml_dtypes.bfloat16)
_FLOATS_OF_8_BITS = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2")


def to_torch(array: Array, device: str) -> Tensor:
    """A tensor of its own memory on `device`."""
    import torch

    owned = np.array(array, order="C")
    if owned.dtype == _BF16:
        return torch.from_numpy(owned.view(np.int16)).view(torch.bfloat16).to(device)
    if owned.dtype.name in _FLOATS_OF_8_BITS:
        of_torch = getattr(torch, owned.dtype.name)
        return torch.from_numpy(owned.view(np.uint8)).view(of_torch).to(device)
    return torch.from_numpy(owned).to(device)


def to_numpy(tensor: Tensor) -> Array:
    """An array of its own memory."""
    import torch

    host = tensor.detach().cpu().contiguous()
    if host.dtype == torch.bfloat16:
        return np.array(host.view(torch.int16).numpy()).view(_BF16)
    return np.array(host.numpy())


def may_have_gpu() -> bool:
    """Whether there may be a GPU to ask a library about, which takes seconds to load: Linux shows
    each as a device node.
    """
    return sys.platform != "linux" or any(Path("/dev", node).exists() for node in _GPU_NODES)


def torch_devices() -> tuple[str, ...]:
    """cpu, and what else torch reaches here."""
    if not may_have_gpu():
        return ("cpu",)
    import torch

    cuda = (
        [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    )
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return ("cpu", *cuda, *mps)


@contextmanager
def deterministic() -> Iterator[None]:
    """One thread, so that the order of every sum is fixed, no algorithm that depends on timing, and
    sums in full float32.

    CUDA's libraries otherwise round the operands of convolutions to 10 bits and may add the parts
    of a 16-bit product in 16 bits.
    """
    import torch

    # Read when the first product runs.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    threads = torch.get_num_threads()
    precision = torch.get_float32_matmul_precision()
    strict = torch.are_deterministic_algorithms_enabled()
    short_cuts = [(owner, name, getattr(owner, name)) for owner, name in _short_cuts()]
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    torch.use_deterministic_algorithms(True, warn_only=True)
    for owner, name, _ in short_cuts:
        setattr(owner, name, False)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)
        torch.use_deterministic_algorithms(strict, warn_only=True)
        for owner, name, taken in short_cuts:
            setattr(owner, name, taken)


def _short_cuts() -> tuple[tuple[object, str], ...]:
    """Switches of CUDA's libraries that trade digits for time; torch has them on."""
    from torch.backends import cuda, cudnn

    halves = ("allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction")
    return ((cudnn, "allow_tf32"), *((cuda.matmul, name) for name in halves))
