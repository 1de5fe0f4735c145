"""Texts and chats that the repository keeps, against the libraries that are installed here."""

from importlib.metadata import version
from pathlib import Path

import pytest

from gradproof_bridge.text.texts import LONG, long_text

FOLDER = Path(__file__).parents[2] / "src/formats/hugging-face/fixtures/tokenizers"

pytest.importorskip("transformers")
pytest.importorskip("jinja2")


def test_the_libraries_give_the_same_again():
    from gradproof_bridge.text.recorded import recorded

    producer = (FOLDER / "producer.txt").read_text("utf-8").split(" + ")
    for each in producer:
        library, there = each.split()
        if version(library) != there:
            pytest.skip(f"recorded with {there} of {library}, and {version(library)} is here")
    for name, text in recorded(FOLDER).items():
        assert (FOLDER / name).read_text("utf-8") == text, name


def test_the_long_text_is_long():
    assert len(long_text()) == LONG
    assert len(set(long_text())) > 40
