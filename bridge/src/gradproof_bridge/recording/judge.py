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
from gradproof_bridge.formulas.bounded import HALVES, kept_in
from gradproof_bridge.formulas.expected import Deviation, Expected, Mask
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


def judge_bundle(bundle: Bundle) -> list[Finding]:
    """What of a recording deviates, held to what it says of its sums. Raises as `judge`."""
    return judge(bundle.op, bundle.inputs, bundle.params, bundle.outputs, rounded_once(bundle))


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
        """What of an answer deviates. Raises FormatError when its shapes do not fit the op."""
        consequences = follow(*self._question, outputs)
        premises, rest = (
            {name: y for name, y in outputs.items() if (name in consequences) is of_those}
            for of_those in (False, True)
        )
        found = self._found(premises, self._expected)
        # What follows from a wrong value is not wrong for that.
        return found + self._found(rest, self._expected if found else consequences)

    def _found(
        self, outputs: Mapping[str, Array], expected: Mapping[str, Expected]
    ) -> list[Finding]:
        found = (
            (name, self._deviation(name, actual, expected.get(name)))
            for name, actual in outputs.items()
        )
        return [Finding(name, deviation) for name, deviation in found if deviation is not None]

    def _deviation(self, name: str, actual: Array, expected: Expected | None) -> Deviation | None:
        op, inputs, params = self._question
        if expected is None:
            raise FormatError(f"{op}: out.{name} does not belong to these params")
        if actual.shape != expected.shape:
            raise FormatError(
                f"{op}: out.{name} has shape {list(actual.shape)}; {list(expected.shape)} is needed"
            )
        if (deviation := expected.judge(actual)) is None:
            return None
        unjudged = self._dependent.get(name)
        half = None if name in self._once else HALVES.get(actual.dtype.name)
        if half is None:
            return deviation if unjudged is None else expected.judge(actual, unjudged)
        # A producer may compute in the half precision that it stores.
        with kept_in(half):
            return expect(op, inputs, params)[name].judge(actual, unjudged)

    @cached_property
    def _dependent(self) -> Mapping[str, Mask]:
        return dependent(*self._question)
