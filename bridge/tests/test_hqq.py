"""HQQ's solver decides by ties and by its last pass; what it decides near one is not held against
it, and a wrong code is found.
"""

import numpy as np
import pytest

from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.compute import compute_with
from gradproof_bridge.philox import Draw
from gradproof_bridge.recording.judge import Judge, judge

PACKING = {8: "8bit_u8", 6: "8bit_u8", 4: "4bit_u8", 3: "3bit_32", 2: "2bit_u8", 1: "1bit_u8"}


def quantized(nbits, axis, shape, group_size, seed, **more):
    """The question and HQQ's answer."""
    pytest.importorskip("hqq.core.quantize")
    params = {
        "nbits": nbits,
        "axis": axis,
        "group_size": group_size,
        "packing": PACKING[nbits],
        **more,
    }
    weight = {"weight": Draw(seed, f"{shape}{nbits}").normal(*shape, scale=0.1)}
    answer = compute_with(weight, "hqq_quantize", params, "hqq:cpu").outputs
    return weight, op_spec("hqq_quantize").fill(params), answer


# Found among 1560 drawn: a code at a tie of the solver moved a zero, or the last pass was as good
# as the one before.
NEAR_TIES = [
    (8, 1, (256, 256), 64, 1, {"round_zero": True}),
    (6, 1, (256, 256), 64, 1, {}),
    (1, 0, (256, 256), 64, 1, {"round_zero": True}),
    (1, 1, (24, 40), 8, 2, {}),
    (1, 1, (64, 96), 32, 5, {}),
    (8, 0, (256, 256), 64, 3, {}),
]


@pytest.mark.parametrize(("nbits", "axis", "shape", "group_size", "seed", "more"), NEAR_TIES)
def test_a_tie_in_the_solver_is_no_deviation(nbits, axis, shape, group_size, seed, more):
    assert judge("hqq_quantize", *quantized(nbits, axis, shape, group_size, seed, **more)) == []


@pytest.mark.parametrize("nbits", [8, 4, 3, 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_half_precision_solver_of_cuda_is_judged_as_such_and_its_codes_one_by_one(
    nbits, axis, monkeypatch
):
    optimize = pytest.importorskip("hqq.core.optimize")
    # The solver works in float16 where its device is CUDA, and this is what it asks.
    monkeypatch.setattr(optimize, "float32", optimize.float16)
    weight, params, answer = quantized(nbits, axis, (32, 64), 64, 0)
    assert {answer[name].dtype.name for name in ("scale", "zero")} == {"float16"}
    assert judge("hqq_quantize", weight, params, answer) == []
    wrong = answer["unpacked"].copy()
    wrong[-1, -1] ^= 2 if nbits > 1 else 1
    assert [
        finding.output
        for finding in judge("hqq_quantize", weight, params, {**answer, "unpacked": wrong})
    ] == ["unpacked"]


def test_a_wrong_code_is_found_where_the_solver_is_in_doubt():
    weight, params, answer = quantized(8, 1, (256, 256), 64, 1, round_zero=True)
    judge_it = Judge("hqq_quantize", weight, params)
    scaled = weight["weight"].reshape(-1, 64) / answer["scale"] + answer["zero"]
    clear = np.argwhere((np.abs(scaled % 1 - 0.5) > 1e-3) & (answer["unpacked"] > 0))
    for row, column in clear[::997]:
        wrong = answer["unpacked"].copy()
        wrong[row, column] -= 1
        assert [finding.output for finding in judge_it.findings({**answer, "unpacked": wrong})] == [
            "unpacked"
        ]
