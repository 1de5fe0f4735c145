"""Logits of transformers' own causal language models, and what they write, of weights by the names of
their state dict.
"""

from __future__ import annotations

from typing import Any

from gradproof_bridge.backends.base import Call, Inputs, Outputs
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError, NotImplementedOpError, named


def causal_lm_logits(call: Call) -> Outputs:
    """What the model gives in evaluation."""
    import torch

    model = causal_lm(call.params, call.inputs, call.device)
    ids = to_torch(call.inputs["input_ids"], call.device).long()
    with deterministic(), torch.no_grad():
        return {"logits": to_numpy(model(input_ids=ids).logits.float())}


def causal_lm_generate(call: Call) -> Outputs:
    """The likeliest tokens by `generate`, with its cache of keys and values; none ends the text."""
    import torch
    from transformers import GenerationConfig

    model = causal_lm(call.params, call.inputs, call.device)
    ids = to_torch(call.inputs["input_ids"], call.device).long()
    # What the model's own configuration says of ends and samples is not asked.
    greedy = GenerationConfig(
        do_sample=False,
        max_new_tokens=call.params["max_new_tokens"],
        eos_token_id=None,
        pad_token_id=0,
        output_logits=True,
        return_dict_in_generate=True,
    )
    model.generation_config = greedy
    with deterministic(), torch.no_grad():
        written = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids))
    return {
        "sequences": to_numpy(written.sequences.int()),
        "logits": to_numpy(torch.cat(written.logits).float()),
    }


def causal_lm(params: Params, inputs: Inputs, device: str) -> Any:
    """The model of a config.json with the weights of `inputs`, with eager attention, in float32. Raises
    NotImplementedOpError for a configuration that transformers does not take, FormatError for a
    weight that is missing or too many.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.for_model(**params["config"])
        model = AutoModelForCausalLM.from_config(
            config, attn_implementation="eager", dtype=torch.float32
        )
    except (KeyError, ValueError, TypeError) as error:
        raise NotImplementedOpError(f"transformers makes no such model: {named(error)}") from error
    model = model.to(device).eval()
    given = {name[5:]: x for name, x in inputs.items() if name.startswith("base.")}
    with torch.no_grad():
        for name, x in model.named_parameters():
            if name not in given:
                raise FormatError(f"the model: in.base.{name} is missing")
            x.copy_(to_torch(given.pop(name), device))
    if given:
        raise FormatError(f"the model has no {min(given)[:80]!r}")
    return model
