"""Where bundles come from: an operator in one element type, or an optimizer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from gradproof_bridge.opinfo import database, optimizers
from gradproof_bridge.opinfo.evaluate import answer, question

if TYPE_CHECKING:
    from gradproof_bridge.bundle.bundle import Bundle


@dataclass(frozen=True)
class Candidate:
    """A sample that may become a bundle; `make` raises NotExpressibleError where it cannot."""

    name: str
    make: Callable[[str], Bundle]
    """The bundle, of a producer."""


class Source(Protocol):
    """Samples of one subject in one element type."""

    @property
    def subject(self) -> str:
        """The OpInfo with its variant, or the optimizer."""
        ...

    @property
    def dtype(self) -> str:
        """Element type, as `f32`."""
        ...

    def candidates(self, seed: int) -> Iterator[Candidate]:
        """Its samples, which are a function of the seed."""
        ...


@dataclass(frozen=True)
class OperatorSource:
    """An OpInfo in one element type."""

    operator: database.Operator

    @property
    def subject(self) -> str:
        return self.operator.name

    @property
    def dtype(self) -> str:
        return self.operator.dtype

    def candidates(self, seed: int) -> Iterator[Candidate]:
        line = self.operator.line
        assert line is not None
        function = self.operator.info
        for i, sample in enumerate(self.operator.samples(seed)):
            name = f"{self.subject}-{self.dtype}-{i}"

            def make(producer: str, sample: object = sample, name: str = name) -> Bundle:
                return answer(question(line, function, sample), name, producer)

            yield Candidate(name, make)


@dataclass(frozen=True)
class OptimizerSource:
    """An OptimizerInfo with parameters of one element type."""

    setting: optimizers.Setting

    @property
    def subject(self) -> str:
        return self.setting.subject

    @property
    def dtype(self) -> str:
        return self.setting.dtype

    def candidates(self, seed: int) -> Iterator[Candidate]:
        for i, run in enumerate(self.setting.runs()):
            name = f"{self.subject}-{self.dtype}-{run.way}-{i}"

            def make(producer: str, run: optimizers.Run = run, name: str = name) -> Bundle:
                return run.bundle(seed, name, producer)

            yield Candidate(name, make)


def sources(glob: str | None) -> list[Source]:
    """Every source that the table has a line for and whose subject fits, in torch's order."""
    found: list[Source] = [
        OperatorSource(cell)
        for info in database.operators()
        for cell in database.cells(info)
        if cell.line is not None
    ]
    found += [OptimizerSource(setting) for setting in optimizers.settings()]
    return [source for source in found if fits(source.subject, glob)]


def fits(subject: str, glob: str | None) -> bool:
    """Whether the subject, or its last part, is what was asked for."""
    return glob is None or any(
        fnmatchcase(text, glob) for text in (subject, subject.removeprefix("nn.functional."))
    )


def names(glob: str | None) -> list[str]:
    """The operators and optimizers of torch that fit, whether the table has a line for them or not."""
    found = [database.name_of(info) for info in database.operators()]
    found += [optimizers.subject_of(info) for info in database.optimizers()]
    return [name for name in found if fits(name, glob)]


def place(seed: int, name: str) -> str:
    """Where a name stands in the order of a seed."""
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
