"""Chats, and what a template makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


@dataclass(frozen=True)
class Chat:
    """Messages that a template of one tokenizer renders."""

    name: str
    tokenizer: str
    template: str
    messages: list[Message]
    options: dict[str, Any] = field(default_factory=dict)


def _said(*turns: tuple[str, str]) -> list[Message]:
    return [{"role": role, "content": content} for role, content in turns]


_SHORT = _said(("user", "What is two and two?"), ("assistant", "Four."))
_LONGER = _said(
    ("system", "  You are brief.\n"),
    ("user", "  Is it caf\u00e9 or cafe\u0301?  "),
    ("assistant", "Both; \U0001f44d\U0001f3fd either is fine.\n"),
    ("user", "And <b> & 'quotes'?"),
    ("assistant", '\n  They stay: <b> & "quotes".  '),
)
_ASKED = _LONGER[:4]
_THOUGHT = _said(
    ("user", "One?"),
    ("assistant", "<think>hm</think>\n\nOne."),
    ("user", "Two?"),
    ("assistant", "<think>well</think>\n\nTwo."),
)
_REASONED: list[Message] = [
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "One.", "reasoning": "as it is said"},
    {"role": "user", "content": "Two?"},
    {"role": "assistant", "content": "Two.", "thinking": "more", "reasoning_content": None},
]
_EMOJI_LAST = _said(("user", "Smile."), ("assistant", "\U0001f600"), ("user", "\U0001f600"))
_TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place, \u00b0C <b>",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    },
}
_CALLED: list[Message] = [
    {"role": "user", "content": "Weather in Z\u00fcrich?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "arguments": {"place": "Z\u00fcrich", "days": 2, "exact": True, "unit": None},
                },
            }
        ],
    },
    {"role": "tool", "content": "12.5"},
    {"role": "assistant", "content": "It is 12.5 degrees."},
]
_PROMPT = {"add_generation_prompt": True}

CHATS: list[Chat] = [
    Chat("short", "qwen2", "chatml", _SHORT),
    Chat("longer", "qwen2", "chatml", _LONGER),
    Chat("asked", "qwen2", "chatml", _ASKED, _PROMPT),
    Chat("tools", "qwen2", "chatml", _CALLED, {"tools": [_TOOL]}),
    Chat("short", "qwen2", "chatml_generation", _SHORT),
    Chat("longer", "qwen2", "chatml_generation", _LONGER),
    Chat("asked", "qwen2", "chatml_generation", _ASKED, _PROMPT),
    Chat("once", "qwen2", "forgetful", _THOUGHT[:2]),
    Chat("tools", "qwen2", "thinking", _CALLED, {"tools": [_TOOL]}),
    Chat("thoughts", "qwen2", "thinking", _THOUGHT),
    Chat("fields", "qwen2", "thinking", _REASONED),
    Chat("asked", "qwen2", "thinking", _ASKED, {**_PROMPT, "enable_thinking": False}),
    Chat("short", "smollm", "chatml", _SHORT),
    Chat("longer", "smollm", "chatml_generation", _LONGER),
    Chat("short", "llama3", "llama3", _SHORT),
    Chat("longer", "llama3", "llama3", _LONGER),
    Chat("asked", "llama3", "llama3", _ASKED, _PROMPT),
    Chat("dated", "llama3", "llama3", _LONGER, {"date_string": "1 May 2025"}),
    Chat("longer", "llama3", "llama3_generation", _LONGER),
    Chat("emoji", "llama3", "llama3_generation", _EMOJI_LAST),
    Chat("short", "llama2", "llama2", _SHORT),
    Chat("longer", "llama2", "llama2", _LONGER),
    Chat("longer", "llama2", "llama2_generation", _LONGER[1:]),
    Chat("emoji", "llama2", "llama2_generation", _EMOJI_LAST),
    Chat("short", "llama2_legacy", "llama2", _SHORT),
    Chat("longer", "llama2_legacy", "llama2", _LONGER),
    Chat("longer", "llama2_legacy", "llama2_generation", _LONGER[1:]),
    Chat("short", "tekken", "mistral", _SHORT),
    Chat("longer", "tekken", "mistral", _LONGER[1:]),
]
"""Each is rendered, encoded, and masked by whom the template says that it was said."""
