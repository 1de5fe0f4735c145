"""The draw of PyTorch's own samples that the page brings along."""

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

from gradproof_bridge.bundle.bundle import read_bundle, write_bundle
from gradproof_bridge.recording.machine import processor

SET = Path(__file__).parents[2] / "public/parity/opinfo"
INDEX = json.loads((SET / "INDEX.json").read_text("utf-8"))
SUMMARY = json.loads((SET / "OPINFO.json").read_text("utf-8"))
AGAIN = (
    "gradproof-bridge opinfo --out public/parity/opinfo --draw 200, into a folder that is removed"
    " first, makes the shipped draw anew"
)
SAMPLE_STEP = 9
needs_torch = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "expecttest")),
    reason="needs torch and expecttest, which are not installed",
)


def test_the_draw_is_small_and_is_what_its_index_lists():
    there = {str(path.relative_to(SET).with_suffix("")) for path in SET.rglob("*.safetensors")}
    assert there == {entry["name"] for entry in INDEX["cases"]}
    assert len(there) == SUMMARY["drawn"] == 200
    assert sum(path.stat().st_size for path in SET.rglob("*.*")) <= 2**20
    for entry in INDEX["cases"]:
        file = (SET / f"{entry['name']}.safetensors").read_bytes()
        assert hashlib.sha256(file).hexdigest() == entry["sha256"]
        assert read_bundle(file).op == entry["op"]


@needs_torch
def test_the_draw_has_every_operator_of_the_table():
    from gradproof_bridge.opinfo.sources import sources

    assert SUMMARY["subjects"].keys() == {source.subject for source in sources(None)}, AGAIN


@needs_torch
def test_samples_of_the_draw_are_made_again_to_the_byte():
    from gradproof_bridge.backends.torch_arrays import deterministic
    from gradproof_bridge.backends.torch_backend import TorchBackend
    from gradproof_bridge.opinfo.sources import sources

    [origin] = INDEX["recordings"]
    if (origin["versions"]["torch"], origin["processor"]) != (
        TorchBackend().version(),
        processor(),
    ):
        pytest.skip(f"drawn with torch {origin['versions']['torch']} on {origin['processor']}")
    chosen = [entry["name"] for entry in INDEX["cases"]][::SAMPLE_STEP]
    for path in chosen:
        name = path.rpartition("/")[2]
        stored = (SET / f"{path}.safetensors").read_bytes()
        [source] = [one for one in sources(None) if name.startswith(f"{one.subject}-{one.dtype}-")]
        with deterministic():
            [made] = [
                candidate.make(read_bundle(stored).producer)
                for candidate in source.candidates(SUMMARY["seed"])
                if candidate.name == name
            ]
        assert write_bundle(made) == stored, f"{name}: {AGAIN}"
