"""Texts that tokenizers are likely to see differently."""

from __future__ import annotations

from gradproof_bridge.philox import philox

LONG = 10_000
"""Characters of the longest."""

TEXTS: dict[str, str] = {
    "empty": "",
    "space": " ",
    "plain": "The model learns to answer, doesn't it? We'LL SEE: it's 3.14159, or 1,234,567.",
    "many spaces": "  two   three    four     end   ",
    "newlines": "a\n\n\nb\r\nc\r\n\r\n  d\n   \n\te\n",
    "tabs": "\t\tif x:\n\t\t\treturn\t1",
    "digits": "0 12 345 6789 12345678901234567890 \u0661\u0662\u0663 \u2167 \u00bd \u00b2",
    "accents": "caf\u00e9 cafe\u0301 \u00c5 A\u030a \u1e9b\u0323 \u0344",
    "combining alone": "\u0301 \u0301\u0302a \u20dd",
    "hangul": "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
    "cjk": "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u3002\u65e5\u672c\u8a9e\u30c6\u30ad\u30b9\u30c8",
    "devanagari": "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e",
    "right to left": "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "emoji": "\U0001f600\U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "beyond the plane": "\U0001d54f\U00020bb7 \U0010fffd",
    "byte order mark": "\ufeffa\ufeff b",
    "white spaces": "a\u00a0b\u2003c\u3000d\u0085e\u200bf\u2028g\u180eh\u1680i",
    "controls": "\x00\x01\x1f\x7f\x9f",
    "contractions": "I'M you'Re he\u2019s it'\u017f we'LL they'd 'tis",
    "upper and lower": "HTTPServer camelCase \u0130stanbul \u01c5 \u00dfSTRASSE \u03a3\u03c3\u03c2",
    "punctuation": "!?...--\u2014\u201cquoted\u201d (a[b]{c}) <x/> a/b\\c @#$%^&*+=~`|",
    "metaspace": "\u2581a \u2581 \u2581\u2581b",
    "byte tokens": "<0x0A> <0xE2><0x82> <0xZZ>",
    "replacement": "\ufffd \ufffd\ufffd",
    "code": "def f(x):\n    return {'a': x ** 2}  # comment\n",
    "long word": "Donaudampfschifffahrtsgesellschaftskapit\u00e4n" * 3,
    "repeated": "ab" * 60 + "aaaaaaaaaaaaaaaaaaaaaaa",
    "specials": (
        "<|begin_of_text|>a<|eot_id|> <|im_start|>user\nb<|im_end|>\n<s>c</s> <unk>[INST] d [/INST]"
        "<|endoftext|><tool_call>e</tool_call> <extra>f"
    ),
    "specials first": "<s> a",
    "specials apart": "  <|im_end|>  <s>  <left>  x  <right>  y caf\u00e9! cafe\u0301! z",
    "specials broken": "<|im_start |> <|im_start <s > </s",
}
"""By what is odd in them."""


def long_text() -> str:
    """Characters of many kinds, drawn."""
    kinds = [
        "the and of model token learn ",
        " \n\t",
        "0123456789",
        "\u00e9\u00e8\u0301\u00df\u0130",
        "\u4eca\u5929\u6c14\ud55c\u304b",
        "\U0001f600\u200d\U0001f3fd\u2764\ufe0f",
        ".,;:!?'\"()[]<>|",
        "\u2581\ufeff\u00a0\u2003",
    ]
    weights = [12, 3, 2, 1, 1, 1, 2, 1]
    wheel = [kind for kind, weight in zip(kinds, weights, strict=True) for _ in range(weight)]
    words = [int(word) for word in philox(2 * LONG, seed=11, stream=0)]
    chosen = [wheel[word % len(wheel)] for word in words[:LONG]]
    return "".join(kind[word % len(kind)] for kind, word in zip(chosen, words[LONG:], strict=True))


def all_texts() -> dict[str, str]:
    """The short ones and the long one."""
    return {**TEXTS, "long": long_text()}
