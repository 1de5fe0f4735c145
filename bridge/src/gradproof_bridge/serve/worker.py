"""The server's side of the process that computes: started when it is needed, killed when a job must
stop.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from gradproof_bridge.serve.frames import HEADER, frame
from gradproof_bridge.serve.memory import watch_memory
from gradproof_bridge.serve.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradproof_bridge.serve.limits import Limits

_COMMAND = (sys.executable, "-m", "gradproof_bridge.serve.child")
_STATUS_OF = {
    "bad-format": 400,
    "not-implemented": 422,
    "missing-library": 422,
    "missing-device": 422,
}


class Worker:
    """One process, one question at a time.

    A job that is cancelled, takes too long or kills the process costs the next one the start of a
    new process.
    """

    def __init__(self, limits: Limits, command: Sequence[str] = _COMMAND) -> None:
        self._limits = limits
        self._command = command
        self._process: Process | None = None
        self._reaping: set[asyncio.Future[Any]] = set()
        self._starting = asyncio.Lock()
        self._devices: dict[str, Any] | None = None
        self._closed = False

    async def devices(self) -> dict[str, Any]:
        """What the libraries can, as the process said it when it started."""
        if self._devices is None:
            await self._started()
        return self._devices or {}

    async def ask(self, backend: str, question: bytes) -> bytes:
        """The answer to a question. Raises RefusedError; when this is cancelled, the job is
        stopped.
        """
        process = await self._started()
        # A page that goes away meanwhile must not cost the next one the same wait.
        with anyio.CancelScope(shield=True):
            await self._load(process, backend)
        await anyio.lowlevel.checkpoint()
        watching = asyncio.create_task(
            watch_memory(process.pid, self._limits.memory_bytes, self.kill)
        )
        try:
            with anyio.fail_after(self._limits.job_seconds):
                kind, content = await self._exchange(
                    process, frame(b"Q", backend.encode() + b"\0" + question)
                )
        except TimeoutError:
            self.kill()
            limit = f"{self._limits.job_seconds:g} s"
            raise RefusedError(
                504, "job-timeout", f"the job was stopped after {limit}: ask for less at a time"
            ) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            self.kill()
            if watching.done():
                most = f"{self._limits.memory_bytes / 2**30:.3g} GiB"
                raise RefusedError(
                    500, "out-of-memory", f"the job was stopped: it took more than {most} of memory"
                ) from None
            raise RefusedError(
                500, "worker-died", "the process that computed ended before it answered"
            ) from None
        except BaseException:
            self.kill()
            raise
        finally:
            watching.cancel()
        if kind == b"A":
            return content
        raise _refusal(content)

    async def _load(self, process: Process, backend: str) -> None:
        """Waits for the library behind a backend to load, which takes time once. Raises
        RefusedError.
        """
        with self._starts_in_time():
            kind, content = await self._exchange(process, frame(b"L", backend.encode()))
        if kind == b"E":
            raise _refusal(content)

    @contextmanager
    def _starts_in_time(self) -> Iterator[None]:
        """Within it, a process that dies or stands still is killed. Raises RefusedError."""
        try:
            with anyio.fail_after(self._limits.start_seconds):
                yield
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            self.kill()
            reason = "the process that computes does not get ready: see what the bridge printed"
            raise RefusedError(500, "worker-failed", reason) from None
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """Ends the process at once, whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        reaping = asyncio.ensure_future(process.communicate())
        self._reaping.add(reaping)
        reaping.add_done_callback(self._reaping.discard)

    async def close(self) -> None:
        """Ends the process for good and waits until nothing is left of it, and of those that were
        killed before.
        """
        self._closed = True
        self.kill()
        await asyncio.gather(*self._reaping, return_exceptions=True)

    async def _started(self) -> Process:
        async with self._starting:
            if self._closed:
                raise RefusedError(500, "worker-died", "the bridge ends")
            if self._process and self._process.returncode is None:
                return self._process
            process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE)
            self._process = process
            with self._starts_in_time():
                _, content = await self._exchange(process, b"")
            self._devices = json.loads(content)
            return process

    async def _exchange(self, process: Process, message: bytes) -> tuple[bytes, bytes]:
        if process.stdin is None or process.stdout is None:
            raise ConnectionError
        process.stdin.write(message)
        await process.stdin.drain()
        kind, length = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
        if length > self._limits.body_bytes:
            self.kill()
            most = self._limits.body_bytes
            raise RefusedError(
                500, "too-large", f"the answer has {length} bytes; at most {most} are sent"
            )
        return kind, await process.stdout.readexactly(length)


def _refusal(content: bytes) -> RefusedError:
    """What the process that computes has against a question."""
    error = json.loads(content)
    return RefusedError(_STATUS_OF.get(error["code"], 500), error["code"], error["message"])
