"""How much memory a process holds.

A limit that the process sets itself (`setrlimit`) counts addresses and not memory: CUDA takes
hundreds of gigabytes of them for nothing. So the server looks, and ends a process that holds too
much.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import anyio

_LOOKS_SECONDS = 0.1


def half_of_the_machine() -> int:
    """Half of this machine's memory in bytes; 8 GiB where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30


async def watch_memory(pid: int, most: int, exceeded: Callable[[], None]) -> None:
    """Calls `exceeded` when the process holds more than `most` bytes; never returns otherwise, and
    is cancelled when the job ends.
    """
    while True:
        held = await resident_bytes(pid)
        if held is not None and held > most:
            exceeded()
            return
        await anyio.sleep(_LOOKS_SECONDS)


async def resident_bytes(pid: int) -> int | None:
    """Memory that a process holds now; None where it is gone, or the system does not tell."""
    if Path("/proc/self/statm").exists():
        try:
            return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf(
                "SC_PAGE_SIZE"
            )
        except (OSError, ValueError, IndexError):
            return None
    try:
        told = await anyio.run_process(["ps", "-o", "rss=", "-p", str(pid)], check=False)
    except OSError:
        return None
    return int(told.stdout) * 1024 if told.stdout.strip().isdigit() else None
