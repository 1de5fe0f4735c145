"""The golden codes that the repository keeps, against the libraries that are installed here."""

import json
from pathlib import Path

import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.goldens.goldens import entry_of, goldens, text_of, versions_of

FILE = Path(__file__).parents[2] / "suites/quant/goldens/goldens.json"
ENTRIES = {entry["name"]: entry for entry in json.loads(FILE.read_text("utf-8"))["goldens"]}
CODES = ("packed", "q", "trits", "absmax_q")


def of_library(*libraries):
    return [golden for golden in goldens() if golden.library in libraries]


def hold(golden):
    """Holds what a library gives now to the file."""
    library = backend_named(golden.library)
    if library.problem is not None:
        pytest.skip(f"needs {golden.library}: {library.problem}")
    entry = ENTRIES[golden.name]
    versions = versions_of(golden.library)
    told = " + ".join(f"{name} {version}" for name, version in versions.items())
    if told != entry["producer"]:
        pytest.skip(f"{golden.name} is of {entry['producer']}, and {told} is here")
    now = {name: entry_of(x) for name, x in golden.outputs().items()}
    assert now.keys() == entry["outputs"].keys()
    # HQQ's zeros hang on the width of the processor's vectors, and codes on them; so may sums
    # elsewhere. Codes of the others do not.
    exact = () if golden.library == "hqq" else CODES
    for name in now:
        if name in exact:
            assert now[name]["sha256"] == entry["outputs"][name]["sha256"], (golden.name, name)
        else:
            assert now[name]["shape"] == entry["outputs"][name]["shape"], (golden.name, name)


def test_the_file_has_every_golden():
    assert list(ENTRIES) == [golden.name for golden in goldens()]
    assert text_of(list(ENTRIES.values())) == FILE.read_text("utf-8")


@pytest.mark.parametrize("golden", goldens(), ids=lambda golden: golden.name)
def test_weights_are_drawn_as_the_file_says(golden):
    for name, x in golden.arrays().items():
        assert entry_of(x)["sha256"] == ENTRIES[golden.name]["inputs"][name]["sha256"]


@pytest.mark.covers("fsdp.quantization.parity-bnb/goldens-and-live")
@pytest.mark.control(
    "the weights are others",
    "bridge/src/gradproof_bridge/goldens/weights.py",
    "return 0.05 * _normals(count)",
    "return 0.06 * _normals(count) ** 3",
)
def test_bitsandbytes_gives_the_goldens_again():
    for golden in of_library("bitsandbytes"):
        hold(golden)


@pytest.mark.covers("fsdp.quantization.verification-across-backends/codes-outside-band")
@pytest.mark.control(
    "another threshold is asked for",
    "bridge/src/gradproof_bridge/goldens/direct.py",
    "kept = weight.abs() > threshold",
    "kept = weight.abs() > 2 * threshold",
)
def test_the_libraries_behind_the_bridge_give_the_golden_codes_again():
    for golden in of_library("mlx", "quanto", "numpy", "torch", "hqq"):
        hold(golden)
