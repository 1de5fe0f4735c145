"""Trains the tokenizer of the page's model on the tales that it learns.

bridge/.venv/bin/python scripts/tale-tokenizer.py TALES FOLDER

`npm start -- pretrain --tales TALES` writes a tale on each line. It leaves tokenizer.json and
tokenizer_config.json: byte-level BPE as GPT-2 has it, with 1,024 tokens, and the last of them
ends a text.
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|end|>"
SIZE = 1024


def main() -> None:
    """Reads the tales and writes both files."""
    tales, folder = (Path(argument) for argument in sys.argv[1:])
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE - 1,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(tales.read_text().splitlines(), trainer)
    tokenizer.add_special_tokens([END])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": END,
        "model_max_length": 128,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


if __name__ == "__main__":
    main()
