import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradproof_bridge.bundle.bundle import read_bundle
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.cli import main
from gradproof_bridge.errors import MissingLibraryError
from gradproof_bridge.recording.judge import judge

needs_torch = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "expecttest")),
    reason="needs torch and expecttest, which are not installed",
)


@pytest.fixture
def _a_fixed_day(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795132800")


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def bundles(folder):
    return {path.stem: read_bundle(path.read_bytes()) for path in folder.rglob("*.safetensors")}


@needs_torch
@pytest.mark.usefixtures("_a_fixed_day")
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        arguments = ["--op", "log_softmax*", "--seed", seed]
        assert main(["opinfo", "--out", str(tmp_path / name), *arguments]) == 0
    first, second, other = (files(tmp_path / name) for name in "abc")
    assert first == second
    assert first != other


@needs_torch
@pytest.mark.long
def test_a_process_of_its_own_gives_the_same_bytes(tmp_path):
    """What another operator left in torch's generators, or the order of a set, changes nothing."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1795132800"}
    for name, glob in (("a", "si[gl]*"), ("b", "silu")):
        subprocess.run(
            [
                *(sys.executable, "-m", "gradproof_bridge", "opinfo", "--all", "--op", glob),
                *("--out", str(tmp_path / name)),
            ],
            env={**environment, "PYTHONHASHSEED": str(ord(name))},
            check=True,
            capture_output=True,
        )
    whole, part = (
        {k: v for k, v in files(tmp_path / name).items() if "functional.silu-" in k}
        for name in "ab"
    )
    assert part == whole
    assert len(part) > 40


@needs_torch
def test_every_sample_is_a_bundle_or_counted_by_its_reason(tmp_path, capsys):
    assert main(["opinfo", "--out", str(tmp_path), "--all", "--op", "a[dm][da][cmx]*"]) == 0
    found = json.loads((tmp_path / "OPINFO.json").read_text())
    assert found["drawn"] is None
    assert {"amax", "addmm", "addmm.decomposed"} <= found["subjects"].keys()
    assert found["without_line"]["addcmul"] > 0
    written = bundles(tmp_path)
    for name, counts in found["subjects"].items():
        made = {}
        for stem in written:
            subject, dtype, _ = stem.rsplit("-", 2)
            if subject == name:
                made[dtype] = made.get(dtype, 0) + 1
        assert counts["bundles"] == made
        assert counts["samples"] == sum(made.values()) + sum(counts["missing"].values())
    assert sum(found["subjects"]["addmv"]["missing"].values()) > 0
    assert found["errors"]["amax"] > 0
    assert "complex64" in found["other_dtypes"]["addmm"]
    all_samples = sum(counts["samples"] for counts in found["subjects"].values())
    assert f"{len(written)} of {all_samples} samples became bundles" in capsys.readouterr().out


@needs_torch
@pytest.mark.long
def test_a_draw_has_what_was_asked_for_of_every_operator_in_turn(tmp_path):
    from gradproof_bridge.opinfo.sources import sources

    assert main(["opinfo", "--out", str(tmp_path), "--seed", "1"]) == 0
    found = json.loads((tmp_path / "OPINFO.json").read_text())
    written = bundles(tmp_path)
    assert (found["seed"], found["drawn"], len(written)) == (1, 400, 400)
    index = json.loads((tmp_path / "INDEX.json").read_text())
    assert {entry["name"].rpartition("/")[2] for entry in index["cases"]} == written.keys()
    subjects = {source.subject for source in sources(None)}
    assert found["subjects"].keys() <= subjects
    drawn = {name for name, counts in found["subjects"].items() if counts["bundles"]}
    rare = {name for name in subjects - drawn if not found["subjects"][name]["missing"]}
    # What no sample of its first element type can express waits for its next turn.
    assert len(drawn) > 0.9 * len(subjects)
    assert rare == set()


@needs_torch
def test_a_draw_says_what_it_tried_and_not_that_it_were_all(tmp_path, capsys):
    arguments = ["opinfo", "--out", str(tmp_path), "--op", "masked.std", "--draw", "1"]
    assert main(arguments) == 0
    [counts] = json.loads((tmp_path / "OPINFO.json").read_text())["subjects"].values()
    missing = sum(counts["missing"].values())
    assert missing > 0
    said = capsys.readouterr().out
    assert said.startswith(f"bundles drawn: 1 of at most 1 in {tmp_path} (")
    assert f"; samples tried that are none: {missing}, counted by reason in" in said


@needs_torch
@pytest.mark.long
def test_what_torch_computes_of_a_sample_is_what_the_op_of_its_line_means():
    """The formulas are written down in numpy, without torch: they accept torch's answers, and
    refuse them when each element is one more.
    """
    from gradproof_bridge.backends.torch_arrays import deterministic
    from gradproof_bridge.opinfo.expressed import NotExpressibleError
    from gradproof_bridge.opinfo.sources import place, sources

    noticed: dict[str, int] = {}
    for source in sources(None):
        # Of integers and halves libraries have ways of their own, and of nothing there is nothing
        # to compare; the replay judges those.
        if source.dtype != "f32":
            continue
        some = sorted(source.candidates(7), key=lambda one: place(7, one.name))
        seen = 0
        for candidate in some:
            try:
                with deterministic():
                    bundle = candidate.make("torch")
            except NotExpressibleError:
                continue
            if not all(x.size > 0 and np.isfinite(x).all() for x in bundle.inputs.values()):
                continue
            params = op_spec(bundle.op).fill(bundle.params)
            with np.errstate(all="ignore"):
                found = judge(bundle.op, bundle.inputs, params, bundle.outputs)
                more = {key: y + np.ones_like(y) for key, y in bundle.outputs.items()}
                changed = judge(bundle.op, bundle.inputs, params, more)
            assert found == [], candidate.name
            noticed[source.subject] = noticed.get(source.subject, 0) + bool(changed)
            seen += 1
            if seen == 3:
                break
    assert len(noticed) > 60
    assert {name for name, n in noticed.items() if n == 0} == set()


@needs_torch
def test_each_line_is_of_an_operator_that_torch_has():
    from gradproof_bridge.opinfo.database import name_of, operators
    from gradproof_bridge.opinfo.table.registry import lines

    known = {info.name for info in operators()} | {name_of(info) for info in operators()}
    assert set(lines()) <= known


@needs_torch
def test_a_number_is_a_tensor_where_the_format_has_it():
    import torch

    from gradproof_bridge.opinfo.expressed import NotExpressibleError, number

    half, integer = torch.zeros(1, dtype=torch.float16), torch.zeros(1, dtype=torch.int8)
    assert number(0.5, half).dtype == torch.float16
    assert number(0.5, integer).dtype == torch.float32
    assert number(3, integer).item() == 3
    assert number(0.1, torch.zeros(1)).item() == np.float32(0.1)
    for value, like, reason in (
        (0.1, half, "float16 does not hold"),
        (300, integer, "int8 does not hold"),
        (2**31, torch.zeros(1, dtype=torch.int32), "beyond 32 bits"),
        (True, half, "bool"),
        (1j, half, "complex"),
    ):
        with pytest.raises(NotExpressibleError, match=reason):
            number(value, like)


@needs_torch
def test_a_reason_names_what_is_missing():
    import torch

    from gradproof_bridge.opinfo.expressed import MOST_ELEMENTS, NotExpressibleError, plain
    from gradproof_bridge.opinfo.table.registry import bound, line_of

    x = torch.zeros(2, 2)
    for name, args, kwargs, reason in (
        ("add", (x, x), {"out": x}, "argument out"),
        ("add", (x, x), {"alpha": 2}, "alpha"),
        ("add", (1.0, 2.0), {}, "two numbers"),
        ("softmax", (x,), {}, "another form"),
        ("sum", (x,), {"dtype": torch.float16}, "cast first"),
        ("sum", (x.int(),), {"dtype": torch.float32}, "cast first"),
        ("clamp", (x.int(), 0.5), {}, "limits that are none"),
        ("scatter", (x, 0, x.long(), x), {}, "does not add"),
        ("masked.mean", (x,), {"mask": x.bool()}, "mask"),
        ("fmax", (x, x / 0), {}, "NaN"),
        ("nn.functional.embedding", (x, x), {"max_norm": 1.0}, "norm"),
        ("nn.functional.avg_pool2d", (x, 1), {"divisor_override": 2}, "divisor_override"),
    ):
        with pytest.raises(NotExpressibleError, match=reason):
            bound(line_of(name, ""), args, kwargs)
    assert bound(line_of("clamp", ""), (x[0], x), {}).op == "clamp"
    cropped = bound(line_of("nn.functional.pad", ""), (x, [-1, 1], "reflect"), {})
    assert cropped.params["pad"] == [-1, 1]
    for tensor, reason in (
        (x.bool(), "in.x is bool"),
        (x.to(torch.complex64), "in.x is complex64"),
        (torch.tensor([2**31]), "beyond 32 bits"),
        (x.to_sparse(), "sparse"),
        (torch.zeros(MOST_ELEMENTS + 1), "more than 65536"),
        (torch.zeros([1] * 9), "more than 8"),
    ):
        with pytest.raises(NotExpressibleError, match=reason):
            plain(tensor, "in.x")


def some_bundles(subject, dtype, seed=0):
    from gradproof_bridge.backends.torch_arrays import deterministic
    from gradproof_bridge.opinfo.expressed import NotExpressibleError
    from gradproof_bridge.opinfo.sources import sources

    [source] = [one for one in sources(subject) if (one.subject, one.dtype) == (subject, dtype)]
    with deterministic():
        for candidate in source.candidates(seed):
            try:
                yield candidate.make("torch")
            except NotExpressibleError:
                continue


@needs_torch
def test_tensors_without_elements_are_bundles_with_gradients():
    empty = [one for one in some_bundles("add", "f32") if one.inputs["a"].size == 0]
    assert len(empty) > 3
    for one in empty:
        assert one.outputs["y"].size == 0
    assert any("grad.a" in one.outputs for one in empty)


@needs_torch
def test_what_a_mask_leaves_out_is_read_as_hidden():
    masked = [
        one for one in some_bundles("masked.softmax", "f32") if np.isneginf(one.inputs["x"]).any()
    ]
    assert len(masked) > 3
    for one in masked:
        hidden = np.isneginf(one.inputs["x"])
        y = one.outputs["y"][hidden]
        assert np.all((y == 0) | np.isnan(y))
        assert one.outputs["grad.x"].shape == one.inputs["x"].shape


@needs_torch
def test_a_product_in_halves_says_that_torch_adds_up_in_float32():
    said = [
        (one.params.get("accumulate"), min(one.inputs["a"].ndim, one.inputs["b"].ndim))
        for one in some_bundles("matmul", "bf16")
    ]
    assert ("float32", 2) in said
    assert all(one.params.get("accumulate") is None for one in some_bundles("matmul", "f32"))


def test_without_what_torchs_samples_need_one_line_says_what_to_do(monkeypatch, capsys, tmp_path):
    from gradproof_bridge.opinfo import database

    database.operators.cache_clear()
    monkeypatch.setitem(sys.modules, "torch", sys.modules.get("torch", sys))
    monkeypatch.setitem(sys.modules, "expecttest", None)
    with pytest.raises(MissingLibraryError, match="expecttest"):
        database.operators()
    assert main(["opinfo", "--out", str(tmp_path / "new")]) == 2
    said = capsys.readouterr().err
    assert "pip install expecttest" in said
    assert said.count("\n") == 1
    assert not Path(tmp_path / "new").exists()


@needs_torch
def test_a_name_that_nothing_has_is_wrong_use(tmp_path, capsys):
    assert main(["opinfo", "--out", str(tmp_path), "--op", "conjure"]) == 2
    said = capsys.readouterr().err
    assert "has no operator and no optimizer conjure: give a name of its own" in said
    assert said.count("\n") == 1


@needs_torch
@pytest.mark.parametrize(
    ("glob", "why"),
    [
        ("angle", "torch has angle, but no op here computes it: docs/opinfo.md lists those"),
        ("optim.LBFGS", "torch has optim.LBFGS, but no op here computes it"),
    ],
)
def test_a_name_of_torch_s_that_no_op_here_computes_is_told_apart(tmp_path, capsys, glob, why):
    assert main(["opinfo", "--out", str(tmp_path), "--op", glob]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


@needs_torch
def test_samples_are_never_put_beside_others(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("kept")
    assert main(["opinfo", "--out", str(tmp_path), "--op", "erf", "--draw", "1"]) == 2
    assert capsys.readouterr().err == (
        f"gradproof-bridge: {tmp_path} is not empty: name a folder for these samples alone\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
