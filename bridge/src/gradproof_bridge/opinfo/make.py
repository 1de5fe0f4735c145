"""Makes the bundles of a draw, or of all samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gradproof_bridge.backends.torch_arrays import deterministic
from gradproof_bridge.backends.torch_backend import TorchBackend
from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.opinfo import database, optimizers
from gradproof_bridge.opinfo.expressed import NotExpressibleError
from gradproof_bridge.opinfo.sources import Candidate, Source, fits, place, sources
from gradproof_bridge.opinfo.summary import Summary
from gradproof_bridge.opinfo.table.registry import line_of
from gradproof_bridge.recording.folder import Filed
from gradproof_bridge.recording.recorder import folder_of


def make(summary: Summary, glob: str | None) -> Iterator[Filed]:
    """The bundles, counted in the summary as they come."""
    torch = TorchBackend()
    versions = {"torch": torch.version()}
    producer = f"torch {torch.version()} (its own samples)"
    folder = folder_of(torch.name, torch.version(), "cpu")
    with deterministic():
        for name, bundle in _bundles(summary, sources(glob), producer):
            yield Filed(f"{folder}/{name}", bundle, versions)
        if summary.drawn is None:
            _count_others(summary, glob)


def _bundles(summary: Summary, found: list[Source], producer: str) -> Iterator[tuple[str, Bundle]]:
    if summary.drawn is None:
        for source in found:
            yield from _of(summary, source, source.candidates(summary.seed), producer)
        return
    left = summary.drawn
    each = -(-left // max(len(found), 1))
    for source in _in_turn(found, summary.seed):
        some = sorted(
            source.candidates(summary.seed), key=lambda one: place(summary.seed, one.name)
        )
        made = _of(summary, source, iter(some), producer)
        for _, item in zip(range(min(each, left)), made, strict=False):
            left -= 1
            yield item
        if left == 0:
            return


def _in_turn(found: list[Source], seed: int) -> list[Source]:
    """Each subject in one element type, then each in another: a draw has as many subjects as it
    can.
    """
    drawn = sorted(found, key=lambda one: place(seed, f"{one.subject} {one.dtype}"))
    before: Counter[str] = Counter()
    turns: list[tuple[int, Source]] = []
    for source in drawn:
        turns.append((before[source.subject], source))
        before[source.subject] += 1
    return [source for _, source in sorted(turns, key=lambda turn: turn[0])]


def _of(
    summary: Summary, source: Source, candidates: Iterator[Candidate], producer: str
) -> Iterator[tuple[str, Bundle]]:
    for candidate in candidates:
        try:
            bundle = candidate.make(producer)
        except NotExpressibleError as error:
            summary.missed(source, str(error))
            continue
        summary.made(source)
        yield candidate.name, bundle


def _count_others(summary: Summary, glob: str | None) -> None:
    """What no bundle is of, however it is mapped."""
    for info in database.operators():
        name = database.name_of(info)
        if not fits(name, glob):
            continue
        others = database.other_dtypes(info)
        if others:
            summary.other_dtypes[name] = others
        summary.errors[name] = database.count_errors(info)
        if line_of(info.name, info.variant_test_name) is None:
            summary.without_line[name] = database.count_samples(info, summary.seed)
    for info in database.optimizers():
        name = optimizers.subject_of(info)
        if fits(name, glob) and info.optim_cls.__name__ not in optimizers.TABLE:
            summary.without_line[name] = len(info.optim_inputs_func(device="cpu"))
