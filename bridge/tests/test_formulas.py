import ml_dtypes
import numpy as np
import pytest
from cases_by_formula import prepared, with_formula

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.vocabulary import op_spec, vocabulary
from gradproof_bridge.cases.registry import cases
from gradproof_bridge.compute import compute
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import Bounded
from gradproof_bridge.formulas.expected import Codes, Real
from gradproof_bridge.formulas.muon import orthogonal
from gradproof_bridge.formulas.registry import expect, follow, known_ops
from gradproof_bridge.philox import Draw
from gradproof_bridge.recording.judge import Judge, judge

CASES = with_formula()
FLOAT32 = np.dtype(np.float32)


def test_every_op_of_the_vocabulary_has_a_formula():
    assert known_ops() == set(vocabulary())


# In halves, with all weights trained or the tables.
_LONGEST = ("llama_rmsprop_bf16", "llama_saved_bf16")


def _as_parameter(case):
    """Whole trainings take long."""
    if case.name in _LONGEST:
        return pytest.param(case, id=case.name, marks=pytest.mark.longest)
    marks = pytest.mark.long if case.op == "train_llama" else ()
    return pytest.param(case, id=case.name, marks=marks)


@pytest.mark.parametrize("case", [_as_parameter(case) for case in CASES])
def test_what_the_formula_gives_is_accepted_and_a_planted_wrong_value_is_not(case):
    inputs, params, expected = prepared(case)
    outputs = {name: y.stored(FLOAT32) for name, y in expected.items()}
    outputs = {name: y.reshape(expected[name].shape) for name, y in outputs.items()}
    # Codes of a state that is only a place to begin.
    codes = {name: y.astype(np.uint8) for name, y in outputs.items() if f"{name}_absmax" in outputs}
    outputs |= codes
    # A state may follow from the one before it.
    for _ in params.get("state_steps") or [1]:
        follows = follow(case.op, inputs, params, outputs)
        outputs |= {name: y.stored(FLOAT32).reshape(y.shape) for name, y in follows.items()}
    expected = {**expected, **follows}
    judge = Judge(case.op, inputs, params)
    assert judge.findings(outputs) == []
    held = [name for name, y in expected.items() if name not in codes and _is_judged(y)]
    assert held
    for name in held:
        planted = {**outputs, name: _planted(outputs[name], expected[name])}
        found = [finding.output for finding in judge.findings(planted)]
        # Where a run goes from states, what follows from a wrong one is held to the run itself, of
        # which the later states here are none.
        if follows and name not in follows:
            assert found[:1] == [name]
        elif name.startswith("state."):
            # A step goes from it: by ten bounds its loss may be another, too.
            assert name in found
        else:
            assert found == [name]


def _is_judged(expected):
    """Weights after the last step of a longer run may be free."""
    if not isinstance(expected, Real):
        return True
    return bool(np.any(np.isfinite(expected.number.value) & np.isfinite(expected.number.error)))


def _planted(y, expected):
    """The last element that is judged, moved by ten bounds, or a code by one step out of its band."""
    wrong = y.copy()
    flat = wrong.reshape(-1)
    if isinstance(expected, Real):
        value, error = expected.number.value.reshape(-1), expected.number.error.reshape(-1)
        at = int(np.flatnonzero(np.isfinite(value) & np.isfinite(error))[-1])
        flat[at] = value[at] + 10 * (error[at] + 2.0**-23 * abs(value[at]) + 2.0**-24)
    elif isinstance(expected, Codes):
        flat[-1] = (
            int(expected.high.reshape(-1)[-1]) + 1
            if expected.high.reshape(-1)[-1] < 100
            else expected.low.reshape(-1)[-1] - 1
        )
    else:
        # Of a byte that holds two codes the first is in the high bits.
        flat[0] ^= flat.dtype.type(0x20)
    return wrong


STRAIGHT_THROUGH = {
    "bitnet_linear": None,
    "quanto_linear": "input_scale",
    "quanto_activation": "scale",
}
"""Gradients pass by what is rounded, whose own is 0 almost everywhere; the scale of x, which may be
known before.
"""
DIFFERENTIABLE = [
    case
    for case in CASES
    if case.op not in STRAIGHT_THROUGH and any(name.startswith("grad.") for name in case.inputs(0))
]


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=lambda case: case.name)
def test_gradients_are_those_of_finite_differences(case):
    inputs, params, expected = prepared(case)
    wide = {name: x.astype(np.float64) if x.dtype.kind == "f" else x for name, x in inputs.items()}
    outputs = [name[5:] for name in inputs if name.startswith("grad.")]
    for name in [
        name
        for name in wide
        if op_spec(case.op).differentiable(name) and f"grad.{name}" in expected
    ]:
        direction = np.cos(np.arange(wide[name].size)).reshape(wide[name].shape)
        if params.get("padding_idx") is not None:
            # No gradient comes to a row that is padding.
            direction[params["padding_idx"]] = 0
        step = 1e-6

        def scalar(shift, name=name, direction=direction):
            moved = {**wide, name: wide[name] + shift * direction}
            found = expect(
                case.op, {k: x for k, x in moved.items() if not k.startswith("grad.")}, params
            )
            return sum(
                float(
                    (
                        found[k].number.value.reshape(wide[f"grad.{k}"].shape) * wide[f"grad.{k}"]
                    ).sum()
                )
                for k in outputs
            )

        numeric = (scalar(step) - scalar(-step)) / (2 * step)
        gradient = expect(case.op, wide, params)[f"grad.{name}"].number.value
        analytic = float((gradient * direction).sum())
        scale = float(np.abs(gradient).sum())
        # DoRA sends no gradient through its norm, as PEFT has it.
        if not (params.get("use_dora") and name != "magnitude"):
            assert abs(numeric - analytic) <= 1e-6 * (1 + scale), name


@pytest.mark.parametrize("op", STRAIGHT_THROUGH)
def test_a_gradient_past_codes_is_that_of_moves_by_whole_codes(op):
    case = next(case for case in CASES if case.op == op)
    inputs, params, _ = prepared(case)
    if scale := STRAIGHT_THROUGH[op]:
        inputs = {**inputs, scale: np.ones(1)}
    result = "dequant" if "grad.dequant" in inputs else "y"
    x = np.rint(20 * inputs["x"])
    x[:, 0] = 127
    moves = np.rint(9 * np.cos(np.arange(x.size))).reshape(x.shape)
    moves[:, 0] = 0
    before, after = (expect(case.op, {**inputs, "x": at}, params) for at in (x, x + moves))
    moved = after[result].number.value - before[result].number.value
    expected = float((before["grad.x"].number.value * moves).sum())
    assert float((moved * inputs[f"grad.{result}"]).sum()) == pytest.approx(expected, abs=1e-9)
    assert abs(expected) > 1


def test_by_a_scale_of_0_any_code_is_right_and_y_is_the_bias():
    case = next(case for case in CASES if case.op == "quanto_linear")
    inputs, params, _ = prepared(case)
    zeros = {"x": np.zeros_like(inputs["x"]), "input_scale": np.zeros(1, np.float32)}
    q_x = np.full(zeros["x"].shape, 127, np.int8)
    acc = q_x.astype(np.int32) @ inputs["q"].T.astype(np.int32)
    y = np.broadcast_to(inputs["bias"], acc.shape)
    judge = Judge("quanto_linear", {**inputs, **zeros}, params)
    assert judge.findings({"q_x": q_x, "acc": acc, "y": y}) == []
    assert judge.findings({"q_x": q_x, "acc": acc, "y": y + 1}) != []


@pytest.mark.parametrize("quant_type", ["nf4", "fp4"])
def test_a_block_of_zeros_may_have_any_code_and_no_other_block_may(quant_type):
    weight = np.concatenate([np.linspace(-1, 1, 64), np.zeros(64)]).astype(np.float32)
    inputs, params = (
        {"weight": weight},
        op_spec("quantize_4bit").fill({"quant_type": quant_type, "blocksize": 64}),
    )
    packed = expect("quantize_4bit", inputs, params)["packed"].stored(FLOAT32)
    # As CUDA leaves it, where 0 times 1/0 is NaN.
    packed[32:] = 0
    judge = Judge("quantize_4bit", inputs, params)
    assert judge.findings({"packed": packed}) == []
    packed[:32] = packed[:32][::-1]
    assert [finding.output for finding in judge.findings({"packed": packed})] == ["packed"]


@pytest.mark.parametrize(
    ("name", "seed"),
    [("linear_8bit_plain", 373), ("linear_8bit_plain", 381), ("linear_8bit_outliers", 373)],
)
def test_a_tie_among_the_codes_of_a_product_is_no_deviation_and_a_wrong_sum_is_found(name, seed):
    if backend_named("bitsandbytes").problem is not None:
        pytest.skip("needs bitsandbytes")
    case = next(case for case in cases() if case.name == name)
    inputs, params, _ = prepared(case, seed)
    answer = compute(inputs, case.op, params, "bitsandbytes:cpu")
    judge = Judge(case.op, inputs, params)
    assert judge.findings(answer) == []
    wrong = answer["acc"].copy()
    wrong[-1, -1] += 1
    assert [finding.output for finding in judge.findings({**answer, "acc": wrong})] == ["acc"]


def test_a_batch_norm_of_one_factor_and_one_term_a_channel_is_right():
    if backend_named("torch").problem is not None:
        pytest.skip("needs torch")
    case = next(case for case in cases() if case.name == "batch_norm_4x3_eval")
    inputs, params, _ = prepared(case, 510)
    assert (
        Judge(case.op, inputs, params).findings(compute(inputs, case.op, params, "torch:cpu")) == []
    )


@pytest.mark.parametrize("head_dim", [16, 24])
@pytest.mark.parametrize("units", [-4, 4])
def test_a_power_of_cuda_turns_by_a_right_angle_and_one_of_another_base_does_not(head_dim, units):
    """CUDA's programming guide grants powf 4 units in the last place; everything else is rounded to
    the nearest.
    """
    draw, theta, F = Draw(3, "rotary"), 500_000.0, np.float32
    inputs = {name: draw.normal(1, 2, 5, head_dim) for name in ("q", "k")} | {
        "position_ids": np.arange(4000, 4005, dtype=np.int32)
    }
    judge = Judge(
        "rotary_embedding",
        inputs,
        op_spec("rotary_embedding").fill({"head_dim": head_dim, "theta": theta}),
    )

    def turned(base):
        power = (
            base ** (np.arange(0, head_dim, 2, dtype=F) / F(head_dim)).astype(np.float64)
        ).astype(F)
        power[1:] += units * np.spacing(power[1:])
        angles = inputs["position_ids"].astype(F)[:, None] * (F(1) / power)
        cos, sin = (f(angles.astype(np.float64)).astype(F) for f in (np.cos, np.sin))
        halves = {name: np.split(inputs[name], 2, -1) for name in ("q", "k")}
        return {
            name: np.concatenate([low * cos - high * sin, high * cos + low * sin], -1)
            for name, (low, high) in halves.items()
        }

    assert judge.findings(turned(theta)) == []
    assert [finding.output for finding in judge.findings(turned(theta * (1 + 1e-5)))] == ["q", "k"]


def test_integers_wrap_and_meet_as_numpys_do():
    bytes_ = {"a": np.array([1, 255], np.uint8), "b": np.array([2, 2], np.uint8)}
    assert judge("sub", bytes_, {}, {"y": np.array([255, 253], np.uint8)}) == []
    assert judge("sub", bytes_, {}, {"y": np.array([0, 253], np.uint8)}) != []
    wide = {"a": np.array([2**31 - 1], np.int32), "b": np.array([1], np.int8)}
    assert judge("add", wide, {}, {"y": np.array([-(2**31)], np.int32)}) == []
    total = {"x": np.full((3,), 200, np.uint8)}
    params = {"axes": [0], "keepdims": True}
    assert judge("reduce_sum", total, params, {"y": np.array([600], np.int32)}) == []
    assert judge("reduce_sum", total, params, {"y": np.array([88], np.int32)}) != []


def test_integers_are_compared_chosen_and_made_positive_as_numpys_are():
    pair = {"a": np.array([16777217, -5], np.int32), "b": np.array([16777216, 3], np.int32)}
    larger = np.array([16777217, 3], np.int32)
    assert judge("maximum", pair, {}, {"y": larger}) == []
    assert judge("maximum", pair, {}, {"y": larger - 1}) != []
    assert judge("minimum", pair, {}, {"y": np.array([16777216, -5], np.int32)}) == []
    assert judge("minimum", pair, {}, {"y": larger}) != []
    x = {"x": np.array([-128, -7, 7], np.int8)}
    assert judge("abs", x, {}, {"y": np.array([-128, 7, 7], np.int8)}) == []
    assert judge("abs", x, {}, {"y": np.array([127, 7, 7], np.int8)}) != []
    chosen = pair | {"condition": np.array([0, 2], np.uint8)}
    assert judge("where", chosen, {}, {"y": np.array([16777216, -5], np.int32)}) == []
    assert judge("where", chosen, {}, {"y": np.array([16777217, -5], np.int32)}) != []
    masked = {"x": pair["a"], "mask": chosen["condition"]}
    assert (
        judge("masked_fill", masked, {"value": 9}, {"y": np.array([16777217, 9], np.int32)}) == []
    )
    assert (
        judge("masked_fill", masked, {"value": 9}, {"y": np.array([16777216, 9], np.int32)}) != []
    )


def test_integers_are_divided_summed_up_and_added_at_places_as_such():
    pair = {"a": np.array([16777217, -7, 7], np.int32), "b": np.array([1, 2, -2], np.int32)}
    for mode, quotients in (("floor", [16777217, -4, -4]), ("trunc", [16777217, -3, -3])):
        right = np.array(quotients, np.int32)
        params = {"rounding_mode": mode}
        assert judge("div", pair, params, {"y": right}) == []
        assert judge("div", pair, params, {"y": right - [1, 0, 0]}) != []
        by_zero = pair | {"b": np.array([0, 2, -2], np.int32)}
        assert judge("div", by_zero, params, {"y": right - [9, 0, 0]}) == []
        assert judge("div", by_zero, params, {"y": right - [0, 1, 0]}) != []
    bytes_ = {"x": np.array([200, 100, 3], np.uint8)}
    assert judge("cumsum", bytes_, {"dim": 0}, {"y": np.array([200, 300, 303], np.int32)}) == []
    assert judge("cumsum", bytes_, {"dim": 0}, {"y": np.array([200, 44, 47], np.int32)}) != []
    index = np.array([2, 2], np.int32)
    added = bytes_ | {"indices": index, "src": np.array([255, 7], np.uint8)}
    assert judge("scatter_add", added, {"dim": 0}, {"y": np.array([200, 100, 9], np.uint8)}) == []
    assert judge("scatter_add", added, {"dim": 0}, {"y": np.array([200, 100, 10], np.uint8)}) != []
    slices = bytes_ | {"index": index, "source": added["src"]}
    params = {"dim": 0, "alpha": 3}
    assert judge("index_add", slices, params, {"y": np.array([200, 100, 21], np.uint8)}) == []
    assert judge("index_add", slices, params, {"y": np.array([200, 100, 9], np.uint8)}) != []


def test_a_masked_logit_leaves_its_row_judged():
    x = {"x": np.array([[0, -np.inf, 0], [-np.inf] * 3], np.float32)}
    right = np.array([[0.5, 0, 0.5], [np.nan] * 3], np.float32)
    assert judge("softmax", x, {"axis": 1}, {"y": right}) == []
    wrong = np.array([[0.5, 0.1, 0.4], [np.nan] * 3], np.float32)
    assert judge("softmax", x, {"axis": 1}, {"y": wrong}) != []
    logs = np.array([[-np.log(2), -np.inf, -np.log(2)], [np.nan] * 3], np.float32)
    assert judge("log_softmax", x, {"axis": 1}, {"y": logs}) == []


def test_a_masked_term_leaves_its_sum_judged():
    x = np.array([[[0, -np.inf], [np.log(3), 0]], [[-np.inf] * 2] * 2], np.float32)
    inputs = {"x": x, "grad.y": np.array([1, 1], np.float32)}
    params = {"axes": [1, 2], "keepdims": False}
    right = {
        "y": np.log(np.array([5, 0], np.float32)),
        "grad.x": np.array([[[0.2, 0], [0.6, 0.2]], [[np.nan] * 2] * 2], np.float32),
    }
    assert judge("logsumexp", inputs, params, right) == []
    assert judge("logsumexp", inputs, params, {**right, "y": right["y"] + np.float32(0.1)}) != []
    wrong = right["grad.x"].copy()
    wrong[0, 0, 1] = 0.1
    assert judge("logsumexp", inputs, params, {**right, "grad.x": wrong}) != []


def _steps(**params):
    ones = np.ones((1, 2), np.float32)
    return expect("optimizer_steps", {"param": ones[0], "grads": ones}, params)


def test_the_rate_of_onnx_has_two_names():
    by_name = [_steps(optimizer="adagrad", **rate) for rate in ({"lr": 0.5}, {"R": 0.5})]
    first, second = (outputs["trajectory"].number.value for outputs in by_name)
    assert np.array_equal(first, second)
    assert first[0, 0] == 1 - 0.5 / (1 + 1e-6)
    with pytest.raises(FormatError, match="lr and R are both the rate of momentum: give one"):
        _steps(optimizer="momentum", alpha=0.5, lr=0.5, R=0.5)


def test_no_hyperparameter_is_passed_over():
    with pytest.raises(FormatError, match="adagrad has no eps; it has lr, R, T"):
        _steps(optimizer="adagrad", eps=0.0)
    assert _steps(optimizer="sgd", amsgrad=False, betas=None, lr=1.0)


def test_muon_foresees_what_torch_rounds_to_bfloat16():
    torch = pytest.importorskip("torch")
    from torch.optim._muon import _zeropower_via_newtonschulz

    coefficients, draw = (3.4445, -4.7750, 2.0315), Draw(0, "muon")
    params = {"ns_coefficients": coefficients, "ns_steps": 5, "eps": 1e-7}
    certain = 0
    for _ in range(30):
        for shape in ((2, 3), (5, 3), (4, 4)):
            x = draw.normal(*shape)
            made = orthogonal(Bounded(x.astype(np.float64), np.zeros(shape)), params)
            if not made.error.any():
                theirs = _zeropower_via_newtonschulz(torch.from_numpy(x), coefficients, 5, 1e-7)
                assert np.array_equal(theirs.to(torch.float64).numpy(), made.value)
                certain += 1
    assert certain >= 45


def test_muon_says_nothing_where_a_rounding_is_open():
    half = 1 + 2.0**-8
    params = {"ns_coefficients": (1.0, 0.0, 0.0), "ns_steps": 0, "eps": 1e-7}
    errors = [
        orthogonal(Bounded(np.array([[half, x]]), np.full((1, 2), 1e-9)), params).error.max()
        for x in (1.0, 2.0)
    ]
    assert all(error > np.finfo(np.float32).max for error in errors)


def test_muon_is_of_matrices():
    with pytest.raises(FormatError, match="muon steps matrices alone"):
        _steps(optimizer="muon")


NOTHING: tuple[
    tuple[str, dict[str, object], dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]], ...
] = (
    ("softmax", {"axis": 1}, {"x": (3, 0), "grad.y": (3, 0)}, {"y": (3, 0), "grad.x": (3, 0)}),
    ("log_softmax", {"axis": 1}, {"x": (3, 0), "grad.y": (3, 0)}, {"y": (3, 0), "grad.x": (3, 0)}),
    ("logsumexp", {"axes": [1]}, {"x": (3, 0), "grad.y": (3, 1)}, {"y": (3, 1), "grad.x": (3, 0)}),
    ("var", {"axes": [1]}, {"x": (3, 0), "grad.y": (3, 1)}, {"y": (3, 1), "grad.x": (3, 0)}),
    ("std", {"axes": [0]}, {"x": (3, 0), "grad.y": (1, 0)}, {"y": (1, 0), "grad.x": (3, 0)}),
    (
        "scaled_dot_product_attention",
        {},
        dict.fromkeys(("q", "k", "v", "grad.y"), (2, 0, 3, 4)),
        dict.fromkeys(("y", "grad.q", "grad.k", "grad.v"), (2, 0, 3, 4)),
    ),
)


@pytest.mark.parametrize(("op", "params", "given", "got"), NOTHING, ids=lambda x: str(x)[:28])
def test_formulas_take_what_has_no_elements(op, params, given, got):
    inputs, outputs = (
        {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        for shapes in (given, got)
    )
    with np.errstate(all="ignore"):
        assert judge(op, inputs, op_spec(op).fill(params), outputs) == []


@pytest.mark.parametrize("op", ["var", "std"])
def test_of_one_element_there_is_no_variance_to_judge(op):
    x = {"x": np.ones((2, 1), np.float32)}
    params = op_spec(op).fill({"axes": [1]})
    with np.errstate(all="ignore"):
        assert judge(op, x, params, {"y": np.full((2, 1), np.nan, np.float32)}) == []


def test_a_value_beyond_the_range_of_a_half_format_is_its_end():
    question = "add", {name: np.array([50000, 60000], np.float16) for name in "ab"}, {}
    for end in (65504, np.inf):
        assert judge(*question, {"y": np.array([end, end], np.float16)}) == []
    for wrong in (-np.inf, 60000, np.nan):
        assert judge(*question, {"y": np.array([np.inf, wrong], np.float16)}) != []
    inside = "add", {name: np.array([25000], np.float16) for name in "ab"}, {}
    assert judge(*inside, {"y": np.array([np.inf], np.float16)}) != []


def test_parts_in_two_half_formats_are_joined():
    parts = {"x0": np.ones(2, np.float16), "x1": np.full(1, 3, ml_dtypes.bfloat16)}
    joined = {"y": np.array([1, 1, 3], np.float32)}
    assert judge("concat", parts, {"axis": 0}, joined) == []
    assert judge("concat", parts, {"axis": 0}, {"y": joined["y"][::-1]}) != []


def test_an_index_is_named_once_in_a_row_of_many_equal_elements():
    count = 65_537
    inputs = {"x": np.zeros((2, count), np.float32)}
    judge = Judge("topk", inputs, {"k": count, "axis": -1, "largest": True, "sorted": True})
    indices = np.stack([np.arange(count), np.arange(count)[::-1]]).astype(np.int32)
    assert judge.findings({"values": inputs["x"], "indices": indices}) == []
    indices[1, 5] = 7
    [finding] = judge.findings({"values": inputs["x"], "indices": indices})
    assert finding.output == "indices"
    assert finding.deviation.elements == 2


@pytest.mark.parametrize(
    ("op", "params", "shapes"),
    [
        ("conv1d", {"stride": 2, "padding": 1}, {"x": (3, 9), "weight": (4, 3, 3), "bias": (4,)}),
        (
            "conv2d",
            {"groups": 2, "padding": 1},
            {"x": (4, 5, 6), "weight": (6, 2, 3, 2), "bias": (6,)},
        ),
        (
            "conv_transpose2d",
            {"stride": [2, 1], "output_padding": [3, 2], "dilation": [4, 3]},
            {"x": (2, 2, 3, 2), "weight": (2, 3, 2, 3), "bias": (3,)},
        ),
        ("conv_transpose2d", {"stride": 2, "padding": 1}, {"x": (2, 3, 4), "weight": (2, 3, 3, 2)}),
        ("max_pool2d", {"kernel": 2, "padding": [0, 1]}, {"x": (3, 4, 5)}),
        ("avg_pool2d", {"kernel": [2, 3], "stride": 1, "padding": [1, 0]}, {"x": (3, 4, 5)}),
        ("global_avg_pool2d", {}, {"x": (3, 4, 5)}),
        (
            "scaled_dot_product_attention",
            {"causal": True},
            {"q": (5, 3), "k": (7, 3), "v": (7, 2)},
        ),
        (
            "scaled_dot_product_attention",
            {},
            {"q": (6, 5, 3), "k": (2, 7, 3), "v": (2, 7, 4), "mask": (6, 1, 7)},
        ),
        (
            "scaled_dot_product_attention",
            {"softcap": 2.0},
            {
                "q": (2, 1, 4, 3, 5),
                "k": (1, 3, 2, 6, 5),
                "v": (2, 3, 1, 6, 2),
                "mask": (2, 1, 1, 3, 6),
            },
        ),
        (
            "scaled_dot_product_attention",
            {},
            {"q": (2, 3, 1, 2, 4), "k": (3, 2, 5, 4), "v": (5, 4)},
        ),
    ],
)
def test_what_torch_computes_of_its_own_dimensions_is_right(op, params, shapes):
    pytest.importorskip("torch")
    draw = Draw(0, op)
    inputs = {name: draw.normal(*shape) for name, shape in shapes.items()}
    y = compute(inputs, op, params, "torch")["y"]
    asked = {**inputs, "grad.y": draw.normal(*y.shape)}
    outputs = compute(asked, op, params, "torch")
    assert {f"grad.{name}" for name in inputs} | {"y"} == outputs.keys()
    judge = Judge(op, asked, op_spec(op).fill(params))
    assert judge.findings(outputs) == []
    for name, result in outputs.items():
        wrong = result.copy()
        wrong.reshape(-1)[-1] += 0.1
        assert [finding.output for finding in judge.findings({**outputs, name: wrong})] == [name]
