"""What the judge leaves open of recorded halves, and what it does not."""

import ml_dtypes
import numpy as np
import pytest

from gradproof_bridge.recording.judge import judge


def found(op, inputs, outputs, params=None):
    return [finding.output for finding in judge(op, inputs, params or {}, outputs)]


def test_a_gradient_whose_factors_the_format_does_not_hold_is_not_judged_alone():
    # 16^5 is beyond float16; the gradient 2^-8 16^5 5 ln 16 is not, nor the one beside it.
    half = np.float16
    inputs = {
        "a": np.array([16, 2], half),
        "b": np.array([5, 3], half),
        "grad.y": np.array([2**-8, 1], half),
    }
    right = half(8 * np.log(2))
    y = np.array([np.inf, 8], half)
    assert found("pow", inputs, {"y": y, "grad.b": np.array([np.inf, right], half)}) == []
    assert found("pow", inputs, {"grad.b": np.array([np.inf, 1.1 * right], half)}) == ["grad.b"]
    # In bfloat16, which holds it, an infinity is wrong.
    wide = {name: x.astype(ml_dtypes.bfloat16) for name, x in inputs.items()}
    wrong = np.array([np.inf, right], ml_dtypes.bfloat16)
    assert found("pow", wide, {"grad.b": wrong}) == ["grad.b"]


def test_a_quotient_may_be_taken_by_a_reciprocal_that_overflows():
    # The square of 2^9 is beyond float16, 2^-6 times it is not; beside it 3 / 4.
    half = np.float16
    inputs = {
        "a": np.array([2**-6, 3], half),
        "b": np.array([2**-9, 2], half),
        "grad.y": np.array([1, 1], half),
    }
    assert found("div", inputs, {"grad.b": np.array([-np.inf, -0.75], half)}) == []
    assert found("div", inputs, {"grad.b": np.array([-(2**12), -0.75], half)}) == []
    assert found("div", inputs, {"grad.b": np.array([-(2**12), -0.8], half)}) == ["grad.b"]


def test_a_number_on_the_way_may_be_below_the_format():
    # exp(-16) is 1.1e-7, stored as two of float16's least numbers, which are a little more.
    inputs = {"x": np.array([4], np.float16), "grad.y": np.array([1], np.float16)}
    least = 2.0**-24
    assert found("erf", inputs, {"grad.x": np.array([3 * least], np.float16)}) == []
    assert found("erf", inputs, {"grad.x": np.array([9 * least], np.float16)}) == ["grad.x"]


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_what_depends_on_a_nan_is_not_judged(dtype):
    inputs = {
        "a": np.array([np.nan, 1], dtype),
        "b": np.array([2, 3], dtype),
        "grad.y": np.array([5, 7], dtype),
    }
    for a in ([5, 0], [0, 0], [2.5, 0]):
        assert found("maximum", inputs, {"grad.a": np.array(a, dtype)}) == []
    assert found("maximum", inputs, {"grad.a": np.array([5, 7], dtype)}) == ["grad.a"]
    inputs["a"][0] = 1
    assert found("maximum", inputs, {"grad.a": np.array([5, 0], dtype)}) == ["grad.a"]


def test_what_does_not_depend_on_a_nan_is_judged():
    inputs = {"x": np.array([[np.nan, 1], [2, 3]], np.float32)}
    params = {"axes": [1], "keepdims": False}
    for any_number in (0, 5):
        y = np.array([any_number, 5], np.float32)
        assert found("reduce_sum", inputs, {"y": y}, params) == []
    assert found("reduce_sum", inputs, {"y": np.array([0, 6], np.float32)}, params) == ["y"]
