"""Weights of one row or one column, which Quanto's optimizers scale otherwise."""

import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.cases.case import Case
from gradproof_bridge.recording.recorder import record_case


@pytest.mark.parametrize(
    ("shape", "params", "scale"),
    [
        ((1, 32), {"qtype": "qint4"}, (1, 32)),
        ((1, 32), {"qtype": "qint2", "group_size": 32}, (1, 32)),
        ((1, 32), {"qtype": "qint4", "group_size": 16}, (2, 1)),
        ((1, 3, 4), {"qtype": "qint4"}, (1, 1, 4)),
        ((1, 3, 4), {"qtype": "qint2", "group_size": 12}, (1, 12)),
        ((32, 1), {"qtype": "qint4", "axis": -1, "group_size": 16}, (1, 2)),
        ((1, 32), {"qtype": "qint8"}, (1,)),
        ((1, 3, 4), {"qtype": "qfloat8_e5m2"}, (1,)),
        ((32, 1), {"qtype": "qfloat8_e4m3fn", "axis": -1}, (1,)),
        ((1, 32), {"qtype": "qint8", "axis": -1}, (1, 32)),
    ],
)
def test_the_formula_scales_them_as_the_library_does(shape, params, scale):
    problem = backend_named("quanto").problem
    if problem is not None:
        pytest.skip(f"needs quanto: {problem}")
    case = Case(
        "quanto_one_index",
        "quanto_quantize",
        "quanto",
        params,
        lambda draw: {"weight": draw.normal(*shape, scale=0.1)},
    )
    recorded = record_case(case, 5)
    assert recorded.bundle.outputs["scale"].shape == scale
    assert [str(finding) for finding in recorded.findings] == []
