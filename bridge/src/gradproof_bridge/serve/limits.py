"""What one request may cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradproof_bridge.serve.memory import half_of_the_machine


@dataclass(frozen=True)
class Limits:
    """How large, how slow and how many; a test sets smaller ones."""

    body_bytes: int = 64 * 2**20
    """Of a question and of an answer. Default 64 MiB."""
    header_seconds: float = 10
    """From the opening of a connection to the end of the request's header. Default 10."""
    body_seconds: float = 30
    """For a whole body to arrive. Default 30."""
    job_seconds: float = 30
    """For one job to compute, after its wait in the queue. Default 30."""
    memory_bytes: int = field(default_factory=half_of_the_machine)
    """That the process which computes may hold, where the system tells how much it does. Default
    half of the machine's.
    """
    start_seconds: float = 120
    """For the process that computes to start, and for each library to load. Default 120."""
    waiting: int = 32
    """Jobs in the queue. Default 32."""
    connections: int = 64
    """Open at one time. Default 64."""
