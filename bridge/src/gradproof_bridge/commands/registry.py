"""All commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gradproof_bridge.commands import (
    adapters,
    diff,
    doctor,
    goldens,
    onnx,
    opinfo,
    quantize,
    record,
    serve,
    steps,
    tokenizers,
    verify,
)

if TYPE_CHECKING:
    import argparse


class Command(Protocol):
    """What a module of a command offers."""

    NAME: str
    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the command's options."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Runs it; its result is the process's exit status."""
        ...


COMMANDS: tuple[Command, ...] = (
    doctor,
    record,
    verify,
    diff,
    quantize,
    onnx,
    opinfo,
    goldens,
    serve,
    steps,
    tokenizers,
    adapters,
)
