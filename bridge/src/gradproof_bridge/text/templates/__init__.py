"""Chat templates in the syntax of the field, for tests alone."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def template(name: str) -> str:
    """The text of a template by its name."""
    return (_FOLDER / f"{name}.jinja").read_text("utf-8")


def templates() -> list[str]:
    """The names of all."""
    return sorted(path.stem for path in _FOLDER.glob("*.jinja"))
