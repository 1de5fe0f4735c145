"""Every case that has a formula, with its parameters filled in."""

from gradproof_bridge.bundle.stored import storable
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.cases.registry import cases
from gradproof_bridge.formulas.registry import expect


def with_formula():
    # One case of each op and library shows what all of them show.
    first = {
        (case.op, case.library, tuple(sorted(case.params))): case for case in reversed(cases())
    }
    return list(first.values())


def prepared(case, seed=0):
    inputs = {name: storable(x) for name, x in case.inputs(seed).items()}
    params = op_spec(case.op).fill(case.params)
    return inputs, params, expect(case.op, inputs, params)
