"""The recordings that the project keeps, against the libraries that are installed here."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.bundle import read_bundle, write_bundle
from gradproof_bridge.cases.registry import cases
from gradproof_bridge.recording.judge import judge_bundle
from gradproof_bridge.recording.machine import processor
from gradproof_bridge.recording.recorder import record_case

SET = Path(__file__).parents[2] / "public/parity"
INDEX = json.loads((SET / "INDEX.json").read_text("utf-8"))
ENTRIES = {entry["name"]: entry for entry in INDEX["cases"]}
KNOWN_DEVIATIONS = (
    "nf4_deviates_",
    "onnx_averagepool_2d_ceil_last_window_starts_on_pad",
    "ort_sigmoid_wide_range",
)
SAMPLE_STEP = 7


def file(name):
    return (SET / f"{name}.safetensors").read_bytes()


def test_the_set_is_large_and_small_enough():
    assert len([name for name in ENTRIES if not name.startswith("onnx-")]) >= 200
    assert len([name for name in ENTRIES if name.startswith("onnx-")]) >= 250
    assert sum(entry["bytes"] for entry in ENTRIES.values()) < 18 * 2**20


def test_the_index_and_the_files_are_the_same_set():
    # PyTorch's own samples beside it have an index of their own.
    there = {
        str(path.relative_to(SET).with_suffix(""))
        for path in SET.rglob("*.safetensors")
        if not path.is_relative_to(SET / "opinfo")
    }
    assert there == set(ENTRIES)
    wrong = [
        name
        for name, entry in ENTRIES.items()
        if hashlib.sha256(file(name)).hexdigest() != entry["sha256"]
    ]
    assert wrong == []


def test_every_bundle_says_when_on_what_and_with_which_versions_it_was_recorded():
    for name, entry in ENTRIES.items():
        origin = INDEX["recordings"][entry["recording"]]
        bundle = read_bundle(file(name))
        assert origin["device"] == bundle.device
        assert origin["processor"]
        assert all(
            f"{library} {version}" in bundle.producer
            for library, version in origin["versions"].items()
        )


def test_the_readme_counts_right():
    of_onnx = sum(name.startswith("onnx-") for name in ENTRIES)
    readme = (SET.parents[1] / "README.md").read_text("utf-8")
    assert f"replays {len(ENTRIES) - of_onnx} computations" in readme
    assert f"and {of_onnx} of ONNX's own node tests" in readme


@pytest.mark.parametrize("name", ENTRIES, ids=lambda name: name.replace("/", ":"))
def test_every_bundle_is_what_its_formula_says_or_is_known_to_deviate(name):
    bundle = read_bundle(file(name))
    with np.errstate(all="ignore"):
        findings = judge_bundle(bundle).findings
    # A GPU's library has other code, which does not deviate.
    if bundle.device == "cpu" and name.rpartition("/")[2].startswith(KNOWN_DEVIATIONS):
        assert [finding.output for finding in findings] in (["dequant"], ["y"])
        assert bundle.note
    else:
        assert findings == []


def sample():
    """Every seventh case, and one of each library."""
    chosen = list(cases())[::SAMPLE_STEP]
    firsts = {case.library: case for case in reversed(cases())}
    return list({case.name: case for case in [*chosen, *firsts.values()]}.values())


def same_draw(x, before):
    """Functions of NumPy through which some inputs are drawn differ by the processor too, by a bit."""
    if x.dtype in (np.float32, np.float64):
        np.testing.assert_array_almost_equal_nulp(x, before, nulp=2)
    else:
        assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("case", sample(), ids=lambda case: case.name)
def test_a_case_recorded_again_has_the_same_bytes(case):
    library = backend_named(case.library)
    if library.problem is not None:
        pytest.skip(f"needs {case.library}: {library.problem}")
    recorded = record_case(case, 0)
    if recorded.path not in ENTRIES:
        pytest.skip(
            f"not in the set, or of another version of {case.library} than {library.version()}"
        )
    again = write_bundle(recorded.bundle)
    if again == file(recorded.path):
        return
    # Libraries choose their code by the processor; on another one the bits may differ, and the
    # formula decides. So it is where a library that computes with it has another version, as an
    # older Python has of torch.
    there = INDEX["recordings"][ENTRIES[recorded.path]["recording"]]
    alike = (there["processor"], there["versions"]) == (processor(), dict(recorded.filed.versions))
    assert not alike, (
        f"{recorded.path} differs on the processor and with the versions that it was recorded with"
    )
    before = read_bundle(file(recorded.path))
    for name, x in recorded.bundle.inputs.items():
        same_draw(x, before.inputs[name])
    assert [finding.output for finding in recorded.findings] in ([], ["dequant"], ["y"])
