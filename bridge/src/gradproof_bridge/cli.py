"""The command `gradproof-bridge`."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from gradproof_bridge import __version__
from gradproof_bridge.errors import BridgeError, UsageError
from gradproof_bridge.plain import plain

EXIT_WRONG_USE = 2
EXIT_INTERRUPTED = 130
EXIT_READER_GONE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    0 all is well, 1 something disagrees or changed, 2 wrong use or unreadable input, 130
    interrupted, 141 its output is closed (as a shell says it of a program that `head` cut off), 128
    + N ended by the signal N.
    """
    try:
        if arguments is None:
            _end_in_order()
            _write_anything()
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
        sys.stdout.flush()
    except BridgeError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        # The interpreter flushes once more as it ends, and must find a place for it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_READER_GONE
    except OSError as error:
        return _refuse(f"{error.filename or 'a file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return status


class _Parser(argparse.ArgumentParser):
    """Refuses in one line, as all of the command does."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _refuse(reason: str) -> int:
    print(f"gradproof-bridge: {plain(reason)}", file=sys.stderr)
    return EXIT_WRONG_USE


def _end_in_order() -> None:
    """Lets a request to end, or a terminal that is closed, find no half-written file: what is under
    way is undone as at Ctrl-C.
    """

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # Who was started by `nohup` goes on.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


def _write_anything() -> None:
    """Escapes what the terminal's encoding lacks and drops output that is closed, instead of ending
    in an error.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    # Loads numpy and more, which a Ctrl-C may meet.
    from gradproof_bridge.commands.registry import COMMANDS

    parser = _Parser("gradproof-bridge", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.NAME, help=command.SUMMARY, description=command.SUMMARY)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return parser
