import errno
from pathlib import Path

import pytest

from gradproof_bridge.cli import main
from gradproof_bridge.whole_file import write_whole


def test_who_has_no_room_leaves_what_was_there(tmp_path, monkeypatch, capsys):
    assert main(["record", str(tmp_path), "--ops", "bitnet_one"]) == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    write = Path.write_bytes

    def half(path, content):
        write(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", half)
    capsys.readouterr()
    assert main(["record", str(tmp_path), "--ops", "bitnet_one", "--seed", "1"]) == 2
    [said] = capsys.readouterr().err.splitlines()
    assert said.endswith(": No space left on device")
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_link_stays_one_and_what_is_no_file_takes_the_bytes(tmp_path):
    (tmp_path / "to").write_bytes(b"old")
    try:
        (tmp_path / "link").symlink_to(tmp_path / "to")
    except OSError:
        pytest.skip("links are not allowed here")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "to").read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "to"]
    if Path("/dev/null").exists():
        write_whole(Path("/dev/null"), b"gone")
