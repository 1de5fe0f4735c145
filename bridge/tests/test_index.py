import json

import numpy as np
import pytest

from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.cli import main
from gradproof_bridge.errors import FormatError
from gradproof_bridge.recording import folder as recording_folder
from gradproof_bridge.recording.folder import Filed, RecordingFolder
from gradproof_bridge.recording.index import INDEX, Entry, Index, Origin, read_index
from gradproof_bridge.recording.recorder import folder_of

CPU = Origin("2026-11-20", "cpu", "x86_64 AuthenticAMD", {"torch": "2.15.0"})
CUDA = Origin(
    "2026-12-01",
    "cuda:0 (NVIDIA H200)",
    "x86_64 GenuineIntel",
    {"torch": "2.15.0", "bitsandbytes": "0.50.2"},
)
X = np.ones((1, 2), np.float32)


def entry(name):
    return Entry(name, "softmax", 8, "a" * 64)


def filed(path, device="cpu", **versions):
    return Filed(
        path,
        Bundle("softmax", {}, "torch 2.15.0", device, {"x": X}, {"y": X}),
        versions or {"torch": "2.15.0"},
    )


def recorded(folder, day, monkeypatch, *bundles):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(day))
    with RecordingFolder(folder) as opened:
        for bundle in bundles:
            opened.write(bundle)
    return json.loads((folder / INDEX).read_text("utf-8"))


def origins(index):
    return {case["name"]: index["recordings"][case["recording"]] for case in index["cases"]}


def test_a_second_recording_leaves_the_day_device_and_machine_of_the_first(tmp_path, monkeypatch):
    recorded(tmp_path, 0, monkeypatch, filed("torch-2.15.0/a"), filed("torch-2.15.0/b"))
    monkeypatch.setattr(recording_folder, "processor", lambda: "another machine")
    gpu = filed("torch-2.15.0-cuda-nvidia-h200/a", "cuda:0 (NVIDIA H200)")
    found = origins(recorded(tmp_path, 86400, monkeypatch, gpu, filed("torch-2.15.0/b")))
    assert {name: (origin["date"], origin["device"]) for name, origin in found.items()} == {
        "torch-2.15.0/a": ("1970-01-01", "cpu"),
        "torch-2.15.0/b": ("1970-01-02", "cpu"),
        "torch-2.15.0-cuda-nvidia-h200/a": ("1970-01-02", "cuda:0 (NVIDIA H200)"),
    }
    assert found["torch-2.15.0/a"]["processor"] != "another machine"


def test_two_versions_of_a_library_are_both_said(tmp_path, monkeypatch):
    index = recorded(
        tmp_path, 0, monkeypatch, filed("torch-2.15.0/a"), filed("torch-2.14.0/a", torch="2.14.0")
    )
    assert index["versions"] == {"torch": "2.14.0, 2.15.0"}
    assert [origin["versions"] for origin in origins(index).values()] == [
        {"torch": "2.14.0"},
        {"torch": "2.15.0"},
    ]


def test_the_device_is_in_the_path_unless_it_is_the_processor():
    assert folder_of("torch", "2.15.0", "cpu") == "torch-2.15.0"
    assert (
        folder_of("torch", "2.15.0+cu132", "cuda:1 (NVIDIA GeForce RTX 4090)")
        == "torch-2.15.0-cuda-nvidia-geforce-rtx-4090"
    )
    assert folder_of("torch", "2.15.0", "mps (Apple M2 Pro)") == "torch-2.15.0-mps-apple-m2-pro"
    assert folder_of("mlx", "0.32.4", "mlx") == "mlx-0.32.4"
    assert folder_of("mlx", "0.32.4", "mlx (Apple M2)") == "mlx-0.32.4-apple-m2"


def test_equal_content_is_equal_text_whatever_the_order():
    one, other = Index(), Index()
    for index, names in ((one, "abc"), (other, "cab")):
        for name in names:
            index.put(entry(name), CUDA if name == "b" else CPU)
    assert one.text() == other.text()
    assert read_index(one.text()).entries == one.entries


def test_a_set_of_before_that_was_made_at_one_time_keeps_its_day(tmp_path, monkeypatch):
    recorded(tmp_path, 0, monkeypatch, filed("torch-2.15.0/a"))
    old = json.loads((tmp_path / INDEX).read_text("utf-8"))
    before = {**old, "recorded": {"date": "2026-01-02", "processor": "of before"}}
    del before["recordings"], before["cases"][0]["recording"]
    (tmp_path / INDEX).write_text(json.dumps(before))
    found = origins(recorded(tmp_path, 0, monkeypatch, filed("torch-2.15.0/b")))
    assert (found["torch-2.15.0/a"]["date"], found["torch-2.15.0/a"]["processor"]) == (
        "2026-01-02",
        "of before",
    )
    assert found["torch-2.15.0/b"]["date"] == "1970-01-01"


def test_a_recording_that_is_interrupted_lists_what_it_wrote(tmp_path):
    def interrupted():
        with RecordingFolder(tmp_path) as opened:
            opened.write(filed("torch-2.15.0/a"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(read_index((tmp_path / INDEX).read_text()).entries) == ["torch-2.15.0/a"]


WHOLE = json.loads(Index({"a": (entry("a"), CPU)}).text())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        json.dumps({**WHOLE, "schema": "parity-bundle/9"}),
        json.dumps({**WHOLE, "cases": {}}),
        json.dumps({**WHOLE, "cases": [1]}),
        json.dumps({**WHOLE, "cases": [{"name": "a"}]}),
        json.dumps({**WHOLE, "recordings": []}),
        json.dumps({**WHOLE, "recordings": [{**WHOLE["recordings"][0], "date": "yesterday"}]}),
        json.dumps({**WHOLE, "recordings": [{"device": "cpu"}]}),
        json.dumps({**WHOLE, "cases": [{**WHOLE["cases"][0], "recording": -1}]}),
    ],
)
def test_an_index_that_is_none_is_refused_in_one_line_before_anything_is_computed(
    tmp_path, capsys, text
):
    with pytest.raises(FormatError):
        read_index(text)
    (tmp_path / INDEX).write_text(text)
    assert main(["record", str(tmp_path), "--ops", "numpy"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"gradproof-bridge: {tmp_path / INDEX}: it is no")
    assert said.count("\n") == 1
    assert (tmp_path / INDEX).read_text() == text


def test_a_place_that_cannot_hold_a_recording_is_wrong_use(tmp_path, capsys, monkeypatch):
    file = tmp_path / "file"
    file.write_text("mine")
    assert main(["record", str(file), "--ops", "bitnet_one"]) == 2
    assert (
        capsys.readouterr().err
        == f"gradproof-bridge: {file} is a file; recordings go into a folder\n"
    )
    assert main(["record", str(file / "below"), "--ops", "bitnet_one"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    for epoch in ("yesterday", "9" * 30, "1.5"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        assert main(["record", str(tmp_path / "out"), "--ops", "bitnet_one"]) == 2
        assert "SOURCE_DATE_EPOCH is " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
