"""What tokenizers and transformers make of the texts and the chats."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gradproof_bridge.errors import BridgeError
from gradproof_bridge.text.chats import CHATS, Chat, Message
from gradproof_bridge.text.templates import template
from gradproof_bridge.text.texts import all_texts
from gradproof_bridge.text.tokenizers import TOKENIZERS

DAY = datetime.datetime(2026, 3, 4, 15, 6, 7)
"""What `strftime_now` says in a recording."""

_LIBRARIES = ("tokenizers", "transformers", "jinja2")
_GENERATION = re.compile(r"\{%-?\s*generation\b")


def recorded(folder: Path) -> dict[str, str]:
    """The files of the recording by name, made with the tokenizers that lie in `folder`: one JSON
    value a line.
    """
    loaded = {name: _loaded(folder / name) for name in TOKENIZERS}
    files = {
        f"{name}/recorded.jsonl": _lines(_texts(tokenizer, folder / name))
        for name, tokenizer in loaded.items()
    }
    with _on_the_day():
        chats = [_chat(loaded[chat.tokenizer], chat) for chat in CHATS]
    producer = " + ".join(f"{library} {version(library)}" for library in _LIBRARIES)
    texts = [{"name": name, "text": text} for name, text in all_texts().items()]
    return {
        **files,
        "texts.jsonl": _lines(texts),
        "chats.jsonl": _lines(chats),
        "producer.txt": f"{producer}\n",
    }


def _lines(values: Sequence[object]) -> str:
    return "".join(f"{json.dumps(value)}\n" for value in values)


def _loaded(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def _texts(tokenizer: Any, folder: Path) -> list[object]:
    """Ids of every text, with how many of them are put before and after it, and the text of these;
    ids that no text has, decoded.
    """
    from tokenizers import Tokenizer

    alone = Tokenizer.from_file(str(folder / "tokenizer.json"))
    kept: list[object] = []
    for name, text in all_texts().items():
        ids = tokenizer.encode(text)
        plain = tokenizer.encode(text, add_special_tokens=False)
        if alone.encode(text, add_special_tokens=False).ids != plain:
            raise BridgeError(f"{folder.name}: transformers and tokenizers differ on {name!r}")
        before = next(at for at in range(len(ids) + 1) if ids[at : at + len(plain)] == plain)
        kept.append(
            {
                "name": name,
                "ids": ids,
                "around": [before, len(ids) - before - len(plain)],
                **_decoded(tokenizer, ids, text),
            }
        )
    size = max(tokenizer.get_vocab().values()) + 1
    # Steps that leave characters of several bytes in pieces.
    for step in (1, 7, 89):
        ids = [(at * step) % (size + 3) for at in range(size + 3)]
        kept.append({"name": f"every {step}", "decodes": ids, **_decoded(tokenizer, ids, None)})
    names = {name: getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    kept.append({"names": {"size": size, **names}})
    return kept


def _decoded(tokenizer: Any, ids: list[int], text: str | None) -> dict[str, str | None]:
    """The text of ids, null where it is the one that was encoded; and without special tokens, null
    where that is the same.
    """
    decoded = tokenizer.decode(ids)
    shown = tokenizer.decode(ids, skip_special_tokens=True)
    return {
        "decoded": None if decoded == text else decoded,
        "shown": None if shown == decoded else shown,
    }


@contextmanager
def _on_the_day() -> Iterator[None]:
    """Makes the templates' clock stand still."""
    from transformers.utils import chat_template_utils

    class Still(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Still:
            return cls.fromtimestamp(DAY.timestamp(), tz)

    real = chat_template_utils.datetime
    chat_template_utils.datetime = Still
    try:
        yield
    finally:
        chat_template_utils.datetime = real


def _chat(tokenizer: Any, chat: Chat) -> object:
    text = template(chat.template)
    given = {"chat_template": text, **chat.options}
    rendered = tokenizer.apply_chat_template(chat.messages, tokenize=False, **given)
    if _GENERATION.search(text):
        mask = tokenizer.apply_chat_template(
            chat.messages, return_assistant_tokens_mask=True, **given
        )
        ids, asked = mask["input_ids"], mask["assistant_masks"]
    else:
        ids = tokenizer.apply_chat_template(chat.messages, **given)["input_ids"]
        asked = _by_prefixes(tokenizer, chat.messages, rendered, given)
    return {
        "name": chat.name,
        "tokenizer": chat.tokenizer,
        "template": chat.template,
        "source": text,
        "messages": chat.messages,
        "options": chat.options,
        "rendered": rendered,
        "ids": ids,
        "asked": asked,
    }


def _by_prefixes(
    tokenizer: Any, messages: list[Message], rendered: str, given: dict[str, Any]
) -> list[int]:
    """1 for each token of what an assistant's message adds to the chat before it and its prompt."""
    options = {key: value for key, value in given.items() if key != "add_generation_prompt"}
    encoding = tokenizer(rendered, add_special_tokens=False)
    asked = [0] * len(encoding["input_ids"])
    for at, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before, after = (
            tokenizer.apply_chat_template(
                part, tokenize=False, add_generation_prompt=prompt, **options
            )
            for part, prompt in ((messages[:at], True), (messages[: at + 1], False))
        )
        if not (after.startswith(before) and rendered.startswith(after)):
            raise BridgeError(f"a template renders no prefix up to message {at}")
        start, end = len(before), len(after)
        first, last = encoding.char_to_token(start), encoding.char_to_token(end - 1)
        for token in range(first, last + 1):
            asked[token] = 1
    return asked
