"""What of the machine may change the bits of a result."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

_SETS = (
    "avx2",
    "fma",
    "avx512f",
    "avx512bw",
    "avx512vnni",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "asimd",
    "sve",
    "bf16",
)


def processor() -> str:
    """What libraries choose their code by: architecture, maker, family and model, vector
    instructions.

    Two machines with the same description give the same bits; on others a library may take another
    way to a result as right.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.machine()
    facts = {
        key.strip().lower(): value.strip()
        for key, _, value in (line.partition(":") for line in lines)
    }
    flags = (facts.get("flags") or facts.get("features") or "").split()
    named = [
        facts[key]
        for key in ("vendor_id", "cpu family", "model", "stepping", "cpu implementer", "cpu part")
        if key in facts
    ]
    return " ".join([platform.machine(), *named, *(name for name in _SETS if name in flags)])


def device_name(device: str) -> str:
    """The device with its model where it has one: `cuda:0 (NVIDIA H200)`, `mlx (Apple M2)`; MLX on
    the processor is `mlx` alone.
    """
    model = ""
    if device.startswith("cuda"):
        import torch

        model = torch.cuda.get_device_name(device)
    elif device == "mps" or (device == "mlx" and platform.system() == "Darwin"):
        # The one GPU of a Mac is part of its processor.
        model = _apple_chip()
    return f"{device} ({model})" if model else device


def _apple_chip() -> str:
    found = subprocess.run(
        ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()
