"""Text of others, fit for a line of a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text on one line, without what moves a cursor, colours, or cannot be written: names of
    files and producers may come from strangers.
    """
    return "".join(character if character.isprintable() else " " for character in text)
