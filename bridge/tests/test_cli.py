import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gradproof_bridge.cli import main
from gradproof_bridge.commands.registry import COMMANDS

# A writer that stops in the middle of a file says so and waits.
_HELD = """
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts its background jobs without
write = pathlib.Path.write_bytes
def half(path, content):
    if path.name.startswith(".bitnet_tail"):
        write(path, content[: len(content) // 2])
        print("half", flush=True)
        time.sleep(60)
    return write(path, content)
pathlib.Path.write_bytes = half
from gradproof_bridge.cli import main
sys.exit(main())
"""

# A module that Ctrl-C meets while it is imported.
_INTERRUPTED = """
import sys
class Finder:
    def find_spec(self, name, *_):
        if name == "gradproof_bridge.commands": raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
from gradproof_bridge.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals end a process there without asking it")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_who_is_ended_in_the_middle_of_a_file_leaves_whole_files_and_their_index(
    tmp_path: Path, name: str, status: int
):
    arguments = ["record", str(tmp_path), "--ops", "ternary_tail,bitnet_tail"]
    process = subprocess.Popen(
        [sys.executable, "-c", _HELD, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    process.send_signal(getattr(signal, name))
    _, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints) == (status, b"")
    assert [path.name for path in sorted(tmp_path.rglob("*")) if path.is_file()] == [
        "INDEX.json",
        "ternary_tail.safetensors",
    ]
    assert main(["verify", str(tmp_path)]) == 0


def test_an_interruption_while_modules_load_is_no_crash():
    ended = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, "doctor"], capture_output=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_a_name_that_the_terminal_cannot_write_is_escaped(tmp_path: Path):
    folder = tmp_path / "größe"
    command = [sys.executable, "-m", "gradproof_bridge"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for arguments in (
        ["record", str(folder), "--ops", "bitnet_one"],
        ["verify", str(folder / "INDEX.json")],
    ):
        ended = subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, check=False, timeout=60
        )
        assert (ended.returncode, ended.stderr) == (0, b"")
        assert b"gr\\xf6\\xdfe" in ended.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are no such thing there")
def test_who_closed_the_output_gets_the_recording_all_the_same(tmp_path: Path):
    arguments = [
        sys.executable,
        "-m",
        "gradproof_bridge",
        "record",
        str(tmp_path),
        "--ops",
        "bitnet_one",
    ]
    closing = f"import os; os.close(1); os.close(2); os.execv({sys.executable!r}, {arguments!r})"
    assert subprocess.run([sys.executable, "-c", closing], check=False, timeout=60).returncode == 0
    assert main(["verify", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    "arguments",
    [["record", ""], ["verify", ""], ["onnx", ""], ["quantize", "", "out"], ["quantize", "in", ""]],
)
def test_an_empty_path_is_not_the_folder_that_one_is_in(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr().err.endswith(
        f": a path is empty; see gradproof-bridge {arguments[0]} --help\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", ["-1", "1e3", "", "4294967296", "99999999999999999999"])
def test_a_seed_that_would_mean_another_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: str
):
    assert main(["record", str(tmp_path / "out"), "--ops", "bitnet_one", "--seed", seed]) == 2
    assert capsys.readouterr().err == (
        f"gradproof-bridge: argument --seed: {seed} is no whole number from 0 to 4294967295;"
        " see gradproof-bridge record --help\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_here_is_answered_with_those_that_are_each_once(
    capsys: pytest.CaptureFixture[str],
):
    assert main(["verify", str(Path(__file__).parent), "--backend", "tpu"]) == 2
    known = capsys.readouterr().err.strip().partition("there are ")[2].split(", ")
    assert "cpu" in known
    assert len(set(known)) == len(known)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the following arguments are required: COMMAND; see gradproof-bridge --help"),
        (["conjure"], "invalid choice: 'conjure'"),
        (["verify"], "see gradproof-bridge verify --help"),
        (["doctor", "--loud"], "unrecognized arguments: --loud; see gradproof-bridge --help"),
        (["opinfo", "--out", "x", "--all", "--draw", "1"], "not allowed with argument --all"),
    ],
)
def test_wrong_use_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("gradproof-bridge: ")
    assert says in printed.err
    assert printed.err.count("\n") == 1


def test_every_command_helps(capsys: pytest.CaptureFixture[str]):
    for command in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            main([command.NAME, "--help"])
        assert command.SUMMARY.split()[0] in capsys.readouterr().out
