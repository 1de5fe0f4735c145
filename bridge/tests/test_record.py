import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradproof_bridge.backends.registry import backend_named, devices
from gradproof_bridge.bundle.bundle import read_bundle
from gradproof_bridge.cases.registry import cases
from gradproof_bridge.cli import main
from gradproof_bridge.errors import MissingDeviceError
from gradproof_bridge.recording.recorder import record_case


@pytest.fixture
def _a_fixed_day(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795132800")


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.usefixtures("_a_fixed_day")
def test_two_runs_give_the_same_bytes_and_another_seed_does_not(tmp_path):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert main(["record", str(tmp_path / name), "--ops", "numpy", "--seed", seed]) == 0
    first, second, other = (files(tmp_path / name) for name in "abc")
    assert first == second
    assert first.keys() == other.keys()
    assert first != other


@pytest.mark.usefixtures("_a_fixed_day")
def test_the_index_lists_what_is_there_and_keeps_other_recordings(tmp_path):
    assert main(["record", str(tmp_path), "--ops", "bitnet_quantize"]) == 0
    assert main(["record", str(tmp_path), "--ops", "ternary_quantize"]) == 0
    index = json.loads((tmp_path / "INDEX.json").read_text())
    assert index["schema"] == "parity-bundle/1"
    [recording] = index["recordings"]
    assert (recording["date"], recording["device"]) == ("2026-11-20", "cpu")
    assert recording["versions"] == index["versions"]
    assert {(entry["op"], entry["recording"]) for entry in index["cases"]} == {
        ("bitnet_quantize", 0),
        ("ternary_quantize", 0),
    }
    for entry in index["cases"]:
        file = (tmp_path / f"{entry['name']}.safetensors").read_bytes()
        assert len(file) == entry["bytes"]
        assert read_bundle(file).op == entry["op"]


def test_names_of_cases_are_unique_and_fit_into_a_file_name():
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) >= 200
    assert all(name.replace("-", "").replace("_", "").replace(".", "").isalnum() for name in names)


def test_a_device_that_is_not_here_is_said_once_and_nothing_is_written(tmp_path, capsys):
    missing = next(
        kind
        for kind in ("cuda", "mps")
        if kind not in {device.partition(":")[0] for device in devices()}
    )
    assert main(["record", str(tmp_path / "new"), "--backend", missing]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"gradproof-bridge: --backend {missing}: there is no such device or library here"
    )
    assert said.count("\n") == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["dynamic_map_signed", "lr_linear_4_20"])
def test_what_takes_no_tensor_is_not_said_to_be_of_a_gpu(name, monkeypatch):
    case = next(case for case in cases() if case.name == name)
    library = backend_named(case.library)
    if library.problem is not None:
        pytest.skip(library.problem)
    monkeypatch.setattr(type(library), "devices", lambda _: ("cpu", "cuda:0"))
    with pytest.raises(MissingDeviceError, match="the processor computes it"):
        record_case(case, 0, "cuda")


def test_a_glob_that_matches_nothing_is_wrong_use(tmp_path, capsys):
    assert main(["record", str(tmp_path), "--ops", "conjure"]) == 2
    assert (
        capsys.readouterr().err
        == "gradproof-bridge: --ops conjure matches no op, library or case\n"
    )


@pytest.mark.parametrize("library", ["torch", "mlx", "bitsandbytes", "transformers"])
def test_a_missing_library_is_a_reason_and_not_a_crash(tmp_path, library):
    """The import itself fails, in a process of its own, as it does where the library is not
    installed.
    """
    code = f"import sys; sys.modules[{library!r}] = None; from gradproof_bridge.cli import main; sys.exit(main(sys.argv[1:]))"
    name = {"optimum": "quanto"}.get(library, library)
    found = _run(code, "record", str(tmp_path), "--ops", f"{name},bitnet_one")
    assert found.returncode == 0, found.stderr
    assert "1 of " in found.stdout
    # Without bitsandbytes PEFT still has its dense layers, so only what needs it is left out.
    assert "left out" in found.stderr
    assert "Traceback" not in found.stderr


def test_doctor_names_what_is_missing_and_how_to_install_it():
    blocked = (
        *("torch", "peft", "hqq", "transformers", "bitsandbytes", "optimum"),
        *("mlx", "onnx", "gguf"),
    )
    code = f"import sys; sys.modules.update(dict.fromkeys({blocked})); from gradproof_bridge.cli import main; sys.exit(main(sys.argv[1:]))"
    found = _run(code, "doctor")
    assert found.returncode == 0
    assert found.stdout.count("missing: ") == 9
    assert found.stdout.count("install it with: npm run bridge:setup") == 9


def _run(code, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src")}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_a_case_that_was_recorded_says_who_computed_it():
    item = record_case(next(case for case in cases() if case.name == "ternary_one"), 0)
    assert item.path.startswith("numpy-")
    assert item.bundle.producer.endswith("(float64 formula)")
    assert item.findings == ()
