"""The line in which jobs wait: one is computed at a time, in the order of arrival."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from gradproof_bridge.serve.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(eq=False)
class _Ticket:
    job: str
    turn: anyio.Event = field(default_factory=anyio.Event)


class JobQueue:
    """First come, first served; a client that goes away leaves the line."""

    def __init__(self, waiting: int) -> None:
        self._longest = waiting + 1
        self._line: list[_Ticket] = []

    def __len__(self) -> int:
        """How many jobs there are, the one that is computed included."""
        return len(self._line)

    def ahead_of(self, job: str) -> int | None:
        """How many jobs come before this one, or before the first of a page's (`page` asks for
        `page-1` too).

        0 while it is computed, None if it is not here.
        """
        return next(
            (
                place
                for place, ticket in enumerate(self._line)
                if f"{ticket.job}-".startswith(f"{job}-")
            ),
            None,
        )

    @asynccontextmanager
    async def turn(self, job: str) -> AsyncIterator[None]:
        """Waits until it is the job's turn and holds it. Raises RefusedError when the line is too
        long, or the job stands in it.
        """
        if len(self._line) >= self._longest:
            raise RefusedError(
                503,
                "queue-full",
                f"{len(self._line)} jobs are here already: run fewer pages at a time",
            )
        if any(ticket.job == job for ticket in self._line):
            raise RefusedError(409, "repeated-job", f"the job {job} is here already")
        ticket = _Ticket(job)
        self._line.append(ticket)
        self._call_first()
        try:
            await ticket.turn.wait()
            yield
        finally:
            self._line.remove(ticket)
            self._call_first()

    def _call_first(self) -> None:
        if self._line:
            self._line[0].turn.set()
