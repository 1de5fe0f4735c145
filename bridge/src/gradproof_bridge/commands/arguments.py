"""What the arguments of several commands may be."""

from __future__ import annotations

import argparse
from pathlib import Path


def path_argument(text: str) -> Path:
    """A path. The empty one, such as that of a shell's variable that is not set, would be the
    folder that one happens to be in.
    """
    if not text:
        raise argparse.ArgumentTypeError("a path is empty")
    return Path(text)


def seed_argument(text: str) -> int:
    """A key of the generator, which takes 32 bits: no two seeds mean the same inputs."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 to {2**32 - 1}")
    return number


def count_argument(text: str) -> int:
    """A whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1")
    return int(text)
