"""How many samples of each operator became bundles, and why others did not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from gradproof_bridge.opinfo.sources import Source

SUMMARY = "OPINFO.json"


@dataclass
class Counts:
    """Of one operator or optimizer."""

    samples: int = 0
    bundles: Counter[str] = field(default_factory=Counter)
    """By element type."""
    missing: Counter[str] = field(default_factory=Counter)
    """By reason."""


@dataclass
class Summary:
    """Of a whole run."""

    torch: str
    seed: int
    drawn: int | None
    """How many bundles were asked for; None where all were."""
    subjects: dict[str, Counts] = field(default_factory=dict)
    without_line: dict[str, int] = field(default_factory=dict)
    """Operators and optimizers that have no op here, each with its samples in one element type."""
    errors: dict[str, int] = field(default_factory=dict)
    """Samples that torch refuses on purpose: a bundle has no place for a refusal."""
    other_dtypes: dict[str, list[str]] = field(default_factory=dict)
    """Element types that torch computes an operator in and bundles do not hold."""

    @property
    def samples(self) -> int:
        """How many were tried."""
        return sum(counts.samples for counts in self.subjects.values())

    def made(self, source: Source) -> None:
        """Counts a sample that is a bundle."""
        counts = self._of(source)
        counts.samples += 1
        counts.bundles[source.dtype] += 1

    def missed(self, source: Source, reason: str) -> None:
        """Counts a sample that is none."""
        counts = self._of(source)
        counts.samples += 1
        counts.missing[reason] += 1

    def _of(self, source: Source) -> Counts:
        return self.subjects.setdefault(source.subject, Counts())

    def text(self) -> str:
        """As it is stored: equal counts are equal text."""
        return (
            json.dumps(
                {
                    "torch": self.torch,
                    "seed": self.seed,
                    "drawn": self.drawn,
                    "subjects": {
                        name: {
                            "samples": counts.samples,
                            "bundles": dict(sorted(counts.bundles.items())),
                            "missing": dict(sorted(counts.missing.items())),
                        }
                        for name, counts in sorted(self.subjects.items())
                    },
                    "without_line": dict(sorted(self.without_line.items())),
                    "errors": {name: n for name, n in sorted(self.errors.items()) if n},
                    "other_dtypes": dict(sorted(self.other_dtypes.items())),
                },
                indent=1,
            )
            + "\n"
        )
