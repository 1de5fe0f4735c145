"""What was found about one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from gradproof_bridge.plain import plain

Verdict = Literal["agrees", "loose", "deviates", "unreadable", "not-checked"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Check:
    """One statement about one file: what it is, whether it agrees, with whom, and the first thing
    that does not.
    """

    path: str
    what: str
    verdict: Verdict
    by: str
    detail: str = ""

    def line(self) -> str:
        """For people."""
        said = f"{self.verdict:<12} {self.path}: {self.what}"
        said += f", by {self.by}" if self.by else ""
        return plain(said + (f": {self.detail}" if self.detail else ""))
