"""Whether outputs are what their formula allows."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError, message_of
from gradproof_bridge.formulas.bounded import HALVES, Precision, kept_in
from gradproof_bridge.formulas.expected import Deviation, Expected, Mask, Real, Worth
from gradproof_bridge.formulas.registry import expect, follow
from gradproof_bridge.recording.accumulation import rounded_once
from gradproof_bridge.recording.dependence import dependent


@dataclass(frozen=True)
class Finding:
    """An output that its formula does not allow."""

    output: str
    deviation: Deviation

    def __str__(self) -> str:
        return f"out.{self.output}{self.deviation}"


@dataclass(frozen=True)
class Loose:
    """An output that may have been computed in halves and is right, by a bound that would let too
    many errors pass.
    """

    output: str
    worth: Worth

    def __str__(self) -> str:
        share = 100 * self.worth.noticed // self.worth.planted
        return f"one element of {self.output} that is 10 % off in {share} % of {self.worth.planted}"


@dataclass(frozen=True)
class Judgement:
    """What of an answer deviates, and what of the rest is right by too wide a bound."""

    findings: list[Finding]
    loose: list[Loose]


def judge(
    op: str,
    inputs: Inputs,
    params: Params,
    outputs: Mapping[str, Array],
    once: Container[str] = (),
) -> list[Finding]:
    """What deviates, output by output; `once` as `Judge`. Raises as `Judge`, and FormatError when
    shapes do not fit the op.
    """
    return Judge(op, inputs, params, once).findings(outputs)


def judge_bundle(bundle: Bundle) -> Judgement:
    """The judgement of a recording, held to what it says of its sums. Raises as `judge`."""
    formula = Judge(bundle.op, bundle.inputs, bundle.params, rounded_once(bundle))
    return formula.judgement(bundle.outputs)


class Judge:
    """What a formula expects of one computation, worked out once for as many answers as there are."""

    def __init__(self, op: str, inputs: Inputs, params: Params, once: Container[str] = ()) -> None:
        """`once` are the outputs that were added up in float32 and rounded once. Raises FormatError
        when the inputs do not fit the op, NotImplementedOpError for parameters that no formula has.
        """
        self._once = once
        self._question = (op, inputs, params)
        try:
            self._expected = expect(op, inputs, params)
        except (ArithmeticError, IndexError, KeyError, MemoryError, TypeError, ValueError) as error:
            raise FormatError(f"{op}: the inputs do not fit: {message_of(error, 200)}") from error

    def findings(self, outputs: Mapping[str, Array]) -> list[Finding]:
        """What of an answer deviates. Raises as `judgement`."""
        return self.judgement(outputs).findings

    def judgement(self, outputs: Mapping[str, Array]) -> Judgement:
        """What is to be said of an answer. Raises FormatError when its shapes do not fit the op."""
        consequences = follow(*self._question, outputs)
        premises, rest = (
            {name: y for name, y in outputs.items() if (name in consequences) is of_those}
            for of_those in (False, True)
        )
        first = self._judged(premises, self._expected)
        # What follows from a wrong value is not wrong for that.
        then = self._judged(rest, self._expected if first.findings else consequences)
        return Judgement(first.findings + then.findings, first.loose + then.loose)

    def _judged(self, outputs: Mapping[str, Array], expected: Mapping[str, Expected]) -> Judgement:
        judgement = Judgement([], [])
        for name, actual in outputs.items():
            deviation, held_to = self._deviation(name, actual, expected.get(name))
            if deviation is not None:
                judgement.findings.append(Finding(name, deviation))
            elif isinstance(held_to, Real) and self._half(name, actual):
                worth = held_to.worth(actual.dtype, self._dependent.get(name))
                if worth.is_loose:
                    judgement.loose.append(Loose(name, worth))
        return judgement

    def _deviation(
        self, name: str, actual: Array, expected: Expected | None
    ) -> tuple[Deviation | None, Expected]:
        """What of an output deviates, and what it was held to: float32 where all of it is right by
        that, else what it may have been computed in.
        """
        op, inputs, params = self._question
        if expected is None:
            raise FormatError(f"{op}: out.{name} does not belong to these params")
        if not expected.fits(actual.shape):
            raise FormatError(
                f"{op}: out.{name} has shape {list(actual.shape)}; {list(expected.shape)} is needed"
            )
        if (deviation := expected.judge(actual)) is None:
            return None, expected
        unjudged = self._dependent.get(name)
        half = self._half(name, actual)
        if half is None:
            deviation = deviation if unjudged is None else expected.judge(actual, unjudged)
            return deviation, expected
        # A producer may compute in the half precision that it stores.
        with kept_in(half):
            in_half = expect(op, inputs, params)[name]
            return in_half.judge(actual, unjudged), in_half

    def _half(self, name: str, actual: Array) -> Precision | None:
        """The half precision that an output may have been computed in."""
        return None if name in self._once else HALVES.get(actual.dtype.name)

    @cached_property
    def _dependent(self) -> Mapping[str, Mask]:
        return dependent(*self._question)
