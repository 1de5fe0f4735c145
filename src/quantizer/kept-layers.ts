/**
 * Modules that hold tables which are read by rows, as the common families of models name them; what
 * a later word calls a projection or a mapping is a linear of embeddings. The bridge's
 * `commands/quantize.py` has the same rule, and a test of each holds it to one list.
 */
const TABLE =
  /^(.+_)?(emb|embd|embed|embedding|embeddings)(?!.*_(proj|project|projection|mapping|transformation|linear)(_|$))(_.+)?$|^(wte|wpe|shared|relative_attention_bias)$/;

/** Heads that give logits, which transformers leaves in floats when it quantizes. */
const HEAD = /^(lm_head|embed_out)$/;

const lastOf = (layer: string): string => layer.slice(layer.lastIndexOf('.') + 1);

/** Whether a layer of this name gives a model's logits. */
export const isHead = (layer: string): boolean => HEAD.test(lastOf(layer));

/** Whether a layer of this name is a table of embeddings. */
export const isTable = (layer: string): boolean => TABLE.test(lastOf(layer)) && !isHead(layer);

/** The layer of a weight by its name. */
export const layerOf = (name: string): string => name.slice(0, -'.weight'.length);
