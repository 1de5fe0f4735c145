import shutil
import subprocess
import sys

import numpy as np
import pytest

from gradproof_bridge.bundle.bundle import Bundle, read_bundle, write_bundle
from gradproof_bridge.cli import main
from gradproof_bridge.comparison.version import is_requirement


@pytest.fixture
def two(tmp_path):
    """The same recording twice, the second in a folder of another version."""
    assert main(["record", str(tmp_path / "a"), "--ops", "bitnet_quantize"]) == 0
    [folder] = [path for path in (tmp_path / "a").iterdir() if path.is_dir()]
    shutil.copytree(folder, tmp_path / "b" / "numpy-9.9")
    return tmp_path


def test_the_same_is_the_same_whatever_the_version(two, capsys):
    capsys.readouterr()
    assert main(["diff", str(two / "a"), str(two / "b")]) == 0
    assert capsys.readouterr().out == "4 same\n"


def test_a_changed_value_is_named_with_its_size_and_verdict(two, capsys):
    path = two / "b/numpy-9.9/bitnet_one.safetensors"
    bundle = read_bundle(path.read_bytes())
    changed = {**bundle.outputs, "scale": bundle.outputs["scale"] + np.float32(0.5)}
    path.write_bytes(
        write_bundle(Bundle(**{**vars(bundle), "outputs": changed, "producer": "numpy 9.9"}))
    )
    (two / "b/numpy-9.9/bitnet_tail.safetensors").unlink()
    capsys.readouterr()
    assert main(["diff", str(two / "a"), str(two / "b")]) == 1
    said = capsys.readouterr().out
    assert (
        "numpy 9.9 (deviates from the formula): out.scale differs in 1 of 1 elements by up to 0.5"
        in said
    )
    assert "gone          numpy/bitnet_tail" in said
    assert said.endswith("2 same, 1 changed, 1 gone\n")


def test_the_installed_libraries_are_compared_by_themselves(two, capsys):
    capsys.readouterr()
    assert main(["diff", str(two / "b"), "--ops", "bitnet_quantize"]) == 0
    assert capsys.readouterr().out == "4 same\n"


def test_a_requirement_is_told_from_a_folder(tmp_path):
    assert is_requirement("bitsandbytes==0.49.2")
    assert is_requirement("peft>=0.20")
    assert not is_requirement(str(tmp_path))
    assert not is_requirement("recordings")


def test_a_folder_that_is_not_there_is_wrong_use(tmp_path, capsys):
    assert main(["diff", str(tmp_path / "gone"), str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("no such folder\n")


def test_a_library_that_is_not_here_is_missing_and_its_cases_are_not_gone(tmp_path, two):
    """The import itself fails, in a process of its own, as it does where the library is not
    installed.
    """
    bundle = read_bundle(next((two / "a").rglob("bitnet_one.safetensors")).read_bytes())
    of_mlx = Bundle(
        "softmax",
        {},
        "mlx 0.0.1",
        "mlx",
        {"x": np.ones((5, 37), np.float32)},
        {"y": np.ones((5, 37), np.float32)},
    )
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "bitnet_one.safetensors").write_bytes(write_bundle(bundle))
    (folder / "mlx_softmax_wide_range.safetensors").write_bytes(write_bundle(of_mlx))
    code = "import sys; sys.modules['mlx'] = None; from gradproof_bridge.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [
        sys.executable,
        "-c",
        code,
        "diff",
        str(folder),
        "--ops",
        "bitnet_one,mlx_softmax_wide_range",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert (
        "not-recorded  mlx/mlx_softmax_wide_range: missing-library: mlx: mlx.core is not installed; install it with: "
        in found.stdout
    )
    assert found.stdout.endswith("1 same, 1 not-recorded\n")
    # Where nothing is left to compare, nothing is claimed.
    alone = subprocess.run(
        [*command[:-1], "mlx_softmax_wide_range"], capture_output=True, text=True, check=False
    )
    assert alone.returncode == 2
    assert "nothing can be compared: missing-library" in alone.stderr


def test_two_libraries_may_have_cases_of_one_name(tmp_path, capsys):
    for side in ("a", "b"):
        for producer in ("torch 2.15.0", "mlx 0.32.4"):
            folder = tmp_path / side / producer.replace(" ", "-")
            folder.mkdir(parents=True)
            x = np.full((2, 2), float(side == "b" and producer.startswith("mlx")), np.float32)
            bundle = Bundle(
                "relu", {}, producer, "cpu", {"x": np.zeros((2, 2), np.float32)}, {"y": x}
            )
            (folder / "relu.safetensors").write_bytes(write_bundle(bundle))
    assert main(["diff", str(tmp_path / "a"), str(tmp_path / "b")]) == 1
    said = capsys.readouterr().out
    assert "changed       mlx/relu" in said
    assert (
        ": mlx 0.32.4 (matches the formula) -> mlx 0.32.4 (deviates from the formula): "
        "out.y differs in 4 of 4" in said
    )
    assert said.endswith("1 same, 1 changed\n")


def test_a_folder_with_two_versions_of_a_library_is_no_side(two, capsys):
    shutil.copytree(two / "b" / "numpy-9.9", two / "a" / "numpy-9.9")
    assert main(["diff", str(two / "a"), str(two / "b")]) == 2
    assert "is there twice, by numpy" in capsys.readouterr().err


def test_a_recording_of_another_device_is_another_case(two, capsys):
    path = two / "b/numpy-9.9/bitnet_one.safetensors"
    bundle = read_bundle(path.read_bytes())
    (two / "b/numpy-9.9/more").mkdir()
    on_cuda = Bundle(**{**vars(bundle), "device": "cuda:0 (NVIDIA H200)"})
    (two / "b/numpy-9.9/more/bitnet_one.safetensors").write_bytes(write_bundle(on_cuda))
    capsys.readouterr()
    assert main(["diff", str(two / "a"), str(two / "b")]) == 1
    assert capsys.readouterr().out == "new           numpy/bitnet_one on cuda\n4 same, 1 new\n"


@pytest.mark.parametrize("requirement", ["conjure==1.0", "matplotlib>=3"])
def test_a_library_that_no_backend_has_is_wrong_use(capsys, requirement):
    assert main(["diff", requirement]) == 2
    assert "no backend is of " in capsys.readouterr().err
