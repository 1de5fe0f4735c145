"""What `verify` says of recordings in halves: a bound that most errors pass is no agreement."""

import json

import ml_dtypes
import numpy as np
import pytest

from gradproof_bridge.bundle.bundle import Bundle, write_bundle
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.cli import main
from gradproof_bridge.comparison.changes import compare
from gradproof_bridge.comparison.side import Side
from gradproof_bridge.recording.judge import Judge

BF16 = ml_dtypes.bfloat16
TERMS = 64
"""So many that a sum of them in bfloat16, in any order, may lose as much as it is."""


def linear():
    """Operands of [4, TERMS] and [TERMS, 3] in bfloat16, and their product in float64."""
    draw = np.random.default_rng(7)
    a, b = (draw.standard_normal(shape).astype(BF16) for shape in ((4, TERMS), (TERMS, 3)))
    return {"a": a, "b": b}, a.astype(np.float64) @ b.astype(np.float64)


def product(y, params=None):
    given = params or {}
    filled = op_spec("matmul").fill(given)
    return Bundle("matmul", filled, "unknown", "cpu", linear()[0], {"y": y}, given=given)


def verified(folder, capsys, bundle):
    (folder / "a.safetensors").write_bytes(write_bundle(bundle))
    status = main(["verify", str(folder), "--backend", "numpy", "--json"])
    checks = json.loads(capsys.readouterr().out)
    return status, [check["verdict"] for check in checks], checks[0]["detail"]


def zeroed():
    return np.zeros((4, 3), BF16)


def one_off():
    """One element three units of bfloat16 off: more than sums in float32 lose, less than in halves."""
    y = linear()[1].astype(BF16)
    y[0, 0] *= BF16(1 + 3 * 2**-7)
    return y


def test_a_zeroed_product_in_halves_is_loose_and_agrees_with_nobody(tmp_path, capsys):
    status, verdicts, detail = verified(tmp_path, capsys, product(zeroed()))
    assert (status, verdicts) == (0, ["loose", "loose"])
    assert detail == "whose bound would notice one element of y that is 10 % off in 0 % of 12"


def test_loose_is_counted_apart(tmp_path, capsys):
    for name, y in (("wrong", zeroed()), ("right", linear()[1].astype(BF16))):
        (tmp_path / f"{name}.safetensors").write_bytes(write_bundle(product(y)))
    assert main(["verify", str(tmp_path), "--backend", "numpy"]) == 0
    *_, by_formula, by_library, summary = capsys.readouterr().out.splitlines()
    assert by_formula.startswith(
        "loose        wrong.safetensors: matmul by unknown, by the formula:"
    )
    assert by_library.endswith("largest difference 1 of the largest value")
    assert summary == "2 agrees, 2 loose"


@pytest.mark.parametrize("params", [{}, {"accumulate": "float32"}])
def test_what_one_rounding_of_float32_gives_agrees(tmp_path, capsys, params):
    right = product(linear()[1].astype(BF16), params)
    assert verified(tmp_path, capsys, right) == (0, ["agrees", "agrees"], "")


def test_what_is_said_to_be_added_up_in_float32_and_is_not_deviates(tmp_path, capsys):
    assert verified(tmp_path, capsys, product(one_off()))[1] == ["loose", "loose"]
    status, verdicts, detail = verified(
        tmp_path, capsys, product(one_off(), {"accumulate": "float32"})
    )
    assert (status, verdicts) == (1, ["deviates", "deviates"])
    assert detail.startswith("out.y[0, 0] is ")


def test_what_is_beyond_a_loose_bound_deviates(tmp_path, capsys):
    beyond = product((linear()[1] + 1e4).astype(BF16))
    assert verified(tmp_path, capsys, beyond)[:2] == (1, ["deviates", "deviates"])


@pytest.mark.parametrize("y", [linear()[1].astype(np.float32), linear()[1].astype(BF16)])
def test_what_a_float32_bound_holds_is_not_loose(y):
    inputs = {name: x.astype(y.dtype) for name, x in linear()[0].items()}
    formula = Judge("matmul", inputs, op_spec("matmul").fill({}), ("y",))
    assert formula.judgement({"y": y}).loose == []


def test_a_bound_is_loose_by_the_share_of_errors_that_it_notices():
    # 1 + 1 + ... is known well, 1 - 1 + ... + 1 is not; no tenth of 0 or of infinity is an error.
    signs = np.where(np.arange(TERMS) % 2, -1.0, 1.0)
    first = np.arange(TERMS) == 0
    rows = [np.ones(TERMS), signs, signs + first, np.full(TERMS, np.inf)]
    formula = Judge(
        "reduce_sum", {"x": np.array(rows, np.float16)}, {"axes": [1], "keepdims": False}
    )
    # The last bits are beyond what float32 loses, so that all is held to sums in halves.
    y = np.array([TERMS * (1 + 2**-8), 0, 1, np.inf], np.float16)
    [loose] = formula.judgement({"y": y}).loose
    assert (loose.worth.planted, loose.worth.noticed) == (2, 1)
    assert str(loose) == "one element of y that is 10 % off in 50 % of 2"


def test_diff_says_that_a_recording_matches_loosely():
    old, new = (Side({"case": product(y)}) for y in (zeroed(), linear()[1].astype(BF16)))
    [change] = compare(old, new)
    assert "(matches the formula within a loose bound) -> unknown (matches the formula)" in (
        change.detail
    )
