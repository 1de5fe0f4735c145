"""What bitsandbytes' CUDA kernels compute, taken from csrc/kernels.cu into float32 numpy, is
accepted, and what goes beyond it is not.
"""

import numpy as np
import pytest

from gradproof_bridge.backends.base import Call
from gradproof_bridge.backends.bitsandbytes_backend import BitsandbytesBackend
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.cases.registry import cases
from gradproof_bridge.errors import FormatError, NotImplementedOpError
from gradproof_bridge.formulas.blockwise import dynamic_map_values
from gradproof_bridge.formulas.registry import expect
from gradproof_bridge.philox import Draw
from gradproof_bridge.recording.judge import Judge, judge
from gradproof_bridge.recording.recorder import params_on

F = np.float32
ADAMW = [
    case
    for case in cases()
    if case.op == "optimizer_steps" and case.params.get("optimizer") == "adamw8bit"
]
TINY = F(2.0**-130)


def filled(op, **params):
    return op_spec(op).fill(params)


def outputs_of(findings):
    return [finding.output for finding in findings]


def adamw(inputs, p, log_error=0.0):
    """kOptimizer32bit2State, or from min_8bit_size on kOptimizerStatic8bit2StateBlockwise; a
    logarithm may err by 2^-22 near 1.
    """
    b1, b2, lr, eps, decay = map(F, (*p["betas"], p["lr"], p["eps"], p["weight_decay"]))
    x, state = inputs["param"].reshape(-1), {}
    m, v = np.zeros_like(x), np.zeros_like(x)
    steps = []
    for t, grad in enumerate(inputs["grads"], 1):
        g = grad.reshape(-1)
        c1, c2 = (F(1) - F(np.exp2(F(t) * F(np.log2(np.float64(b)) + log_error))) for b in (b1, b2))
        m, v = m * b1 + (F(1) - b1) * g, v * b2 + (F(1) - b2) * g * g
        x = x + (-lr * np.sqrt(c2) / c1) * (m / (np.sqrt(v) + np.sqrt(c2) * eps))
        x = x * (F(1) - lr * decay)
        steps.append(x.reshape(grad.shape))
        state = {"state.exp_avg": m.reshape(grad.shape), "state.exp_avg_sq": v.reshape(grad.shape)}
        if x.size >= p["min_8bit_size"]:
            m, codes_m, absmax_m = in_8bit(m, p["blocksize"], signed=True)
            v, codes_v, absmax_v = in_8bit(v, p["blocksize"], signed=False)
            state = {
                "state.exp_avg": codes_m.reshape(grad.shape),
                "state.exp_avg_sq": codes_v.reshape(grad.shape),
            }
            state |= {"state.exp_avg_absmax": absmax_m, "state.exp_avg_sq_absmax": absmax_v}
    return {"trajectory": np.stack(steps), **state}


def in_8bit(x, blocksize, *, signed):
    """quantize_2D: the nearest of the map, NaN ends at code 0; then the sign is made that of the
    moment.
    """
    code = dynamic_map_values(signed=signed).astype(F)
    absmax = np.maximum.reduceat(np.abs(x), np.arange(0, x.size, blocksize))
    scale = absmax[np.arange(x.size) // blocksize]
    with np.errstate(invalid="ignore", divide="ignore"):
        y = x / scale
    q = np.where(np.isnan(y), 0, np.searchsorted((code[1:] + code[:-1]) * F(0.5), y)).astype(
        np.uint8
    )
    if signed:
        q = np.where(np.signbit(code[q]) != np.signbit(x), q + np.where(x > 0, 1, -1), q).astype(
            np.uint8
        )
    return code[q] * scale, q, absmax


def question(case, seed):
    return case.inputs(seed), filled(case.op, **params_on(case, "cuda:0"))


@pytest.mark.parametrize("log_error", [0.0, 2.0**-22, -(2.0**-22)])
@pytest.mark.parametrize("case", ADAMW, ids=lambda case: case.name)
def test_an_adamw_step_of_cuda_is_right(case, log_error):
    inputs, params = question(case, 11)
    assert params["decay_after_step"] is True
    assert judge(case.op, inputs, params, adamw(inputs, params, log_error)) == []


@pytest.mark.parametrize("case", ADAMW, ids=lambda case: case.name)
@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"weight_decay": 0.0}, "trajectory"),
        ({"lr": 1.001e-2}, "trajectory"),
        ({"betas": [0.9, 0.9991]}, "state"),
    ],
)
def test_an_adamw_of_cuda_with_another_hyperparameter_is_not(case, wrong, found):
    inputs, params = question(case, 11)
    answer = adamw(inputs, {**params, **wrong})
    assert any(
        output.startswith(found) for output in outputs_of(judge(case.op, inputs, params, answer))
    )


@pytest.mark.parametrize("case", ADAMW, ids=lambda case: case.name)
def test_weights_that_are_decayed_before_the_step_are_another_computation(case):
    inputs, params = question(case, 11)
    before = {name: value for name, value in params.items() if name != "decay_after_step"}
    assert "trajectory" in outputs_of(judge(case.op, inputs, before, adamw(inputs, params)))


def test_nearly_every_code_of_a_moment_is_held_to_itself():
    """An element that may be either of two codes leaves its whole block alone, unless it is the
    largest there.
    """
    case = next(case for case in ADAMW if "64x64" in case.name)
    inputs, params = question(case, 11)
    expected = expect(case.op, inputs, params)
    for name in ("state.exp_avg", "state.exp_avg_sq"):
        assert (expected[name].low != expected[name].high).mean() < 0.02
    answer = adamw(inputs, params)
    for name in ("state.exp_avg_absmax", "state.exp_avg_sq_absmax"):
        assert outputs_of(
            judge(case.op, inputs, params, {**answer, name: answer[name] * F(1 + 1e-5)})
        ) == [name]


def test_a_moment_keeps_its_sign_and_a_block_of_zeros_may_have_any_code():
    case = next(case for case in ADAMW if "64x64" in case.name)
    inputs, params = question(case, 11)
    inputs["grads"][:, :8] = 0
    inputs["grads"][:, 20, ::2] = F(-1e-9)
    answer = adamw(inputs, params)
    assert (answer["state.exp_avg"][:8] == 255).all()
    assert judge(case.op, inputs, params, answer) == []
    zero = int(np.flatnonzero(dynamic_map_values(signed=True) == 0)[0])
    assert (answer["state.exp_avg"][20, ::2] == zero - 1).all()
    answer["state.exp_avg"][20, 4] = zero
    assert outputs_of(judge(case.op, inputs, params, answer)) == ["state.exp_avg"]


def test_only_the_8_bit_adamw_decays_after_the_step():
    inputs = {"param": np.ones(3, F), "grads": np.ones((1, 3), F)}
    with pytest.raises(FormatError, match="decay_after_step"):
        Judge(
            "optimizer_steps",
            inputs,
            filled("optimizer_steps", optimizer="adamw", decay_after_step=True),
        )


@pytest.mark.parametrize(
    ("device", "after", "when"), [("cpu", True, "before"), ("cuda:0", False, "after")]
)
def test_the_order_that_the_device_does_not_have_is_refused(device, after, when):
    pytest.importorskip("bitsandbytes")
    inputs = {"param": np.ones(3, F), "grads": np.ones((1, 3), F)}
    params = filled("optimizer_steps", optimizer="adamw8bit", decay_after_step=after)
    with pytest.raises(NotImplementedOpError, match=f"decays the weights {when} the step"):
        BitsandbytesBackend().compute(Call("optimizer_steps", inputs, params, device))


COPIES = [
    ("quantize_4bit", {"quant_type": "nf4", "blocksize": 64}, "absmax"),
    ("quantize_blockwise", {"blocksize": 64, "rounding": "nearest"}, "absmax"),
    ("int8_vectorwise_quant", {"threshold": 6.0}, "row_stats"),
    ("linear_8bit_lt", {"threshold": 6.0}, "row_stats"),
    ("linear_8bit_lt", {"threshold": 6.0}, "weight_stats"),
]


@pytest.mark.parametrize(("op", "params", "name"), COPIES)
def test_a_largest_value_that_is_one_unit_in_the_last_place_off_is_found(op, params, name):
    draw = Draw(3, op)
    inputs = {
        "quantize_4bit": {"weight": draw.normal(3, 50)},
        "quantize_blockwise": {
            "x": draw.normal(150),
            "code": dynamic_map_values(signed=True).astype(F),
        },
    }.get(op, {"x": draw.normal(4, 8, dtype="f16")})
    if op == "linear_8bit_lt":
        inputs["weight"] = draw.normal(5, 8, dtype="f16")
    question = op, inputs, filled(op, **params)
    largest = expect(*question)[name].stored(np.dtype(F)).astype(F)
    assert judge(*question, {name: largest}) == []
    for there in (-np.inf, np.inf):
        off = largest.copy()
        off[-1] = np.nextafter(off[-1], F(there))
        assert outputs_of(judge(*question, {name: off})) == [name]


@pytest.mark.parametrize("shape", [(64,), (70,)])
@pytest.mark.parametrize("quant_type", ["nf4", "fp4"])
def test_a_4_bit_block_that_cuda_flushes_to_zero_is_no_deviation(quant_type, shape):
    weight = Draw(1, "tiny").normal(*shape) * TINY
    inputs, params = (
        {"weight": weight},
        filled("quantize_4bit", quant_type=quant_type, blocksize=64),
    )
    blocks = -(-weight.size // 64)
    flushed = {
        "packed": np.zeros(((weight.size + 1) // 2, 1), np.uint8),
        "absmax": np.zeros(blocks, F),
        "dequant": np.zeros(shape, F),
    }
    assert judge("quantize_4bit", inputs, params, flushed) == []
    assert outputs_of(
        judge("quantize_4bit", inputs, params, {**flushed, "absmax": np.full(blocks, F(2.0**-120))})
    ) == ["absmax"]


def test_small_weights_beside_normal_ones_may_be_flushed_and_the_normal_ones_may_not():
    weight = np.concatenate([np.full(32, F(2.0**-125)), np.full(32, F(2.0**-127))])
    inputs, params = {"weight": weight}, filled("quantize_4bit", quant_type="fp4", blocksize=64)
    packed = expect("quantize_4bit", inputs, params)["packed"].stored(np.dtype(F))
    packed[16:] = 0
    assert judge("quantize_4bit", inputs, params, {"packed": packed}) == []
    packed[0] = 0
    assert outputs_of(judge("quantize_4bit", inputs, params, {"packed": packed})) == ["packed"]


@pytest.mark.parametrize("signed", [True, False])
def test_an_8_bit_block_that_cuda_flushes_to_zero_is_no_deviation(signed):
    x = np.abs(Draw(1, "tiny").normal(64)) * TINY
    inputs = {"x": x, "code": dynamic_map_values(signed=signed).astype(F)}
    params = filled("quantize_blockwise", blocksize=64, signed=signed, rounding="nearest")
    flushed = {"q": np.zeros(64, np.uint8), "absmax": np.zeros(1, F), "dequant": np.zeros(64, F)}
    assert judge("quantize_blockwise", inputs, params, flushed) == []
    assert outputs_of(
        judge("quantize_blockwise", inputs, params, {**flushed, "dequant": x + F(2.0**-120)})
    ) == ["dequant"]


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.op == "linear_8bit_lt"], ids=lambda case: case.name
)
def test_an_8_bit_product_is_held_to_what_its_storage_in_half_precision_loses(case):
    inputs, params = case.inputs(11), filled(case.op, **case.params)
    y = expect(case.op, inputs, params)["y"].stored(np.dtype(np.float16))
    assert judge(case.op, inputs, params, {"y": y}) == []
    largest = np.unravel_index(np.abs(y).argmax(), y.shape)
    y[largest] *= np.float16(1.01)
    assert outputs_of(judge(case.op, inputs, params, {"y": y})) == ["y"]
