"""A computation to record: op, parameters, inputs drawn from a seed, and the library that is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.philox import Draw

Make = Callable[[Draw], dict[str, Array]]


@dataclass(frozen=True)
class Case:
    """One bundle to be. `library` is the name of a backend."""

    name: str
    op: str
    library: str
    params: Params
    make: Make
    note: str | None = None

    def inputs(self, seed: int) -> dict[str, Array]:
        """The inputs: a function of the seed and the name alone."""
        return self.make(Draw(seed, self.name))


Cases = Iterator[Case]


def shape_name(*shape: int) -> str:
    """`37x53`."""
    return "x".join(map(str, shape))
