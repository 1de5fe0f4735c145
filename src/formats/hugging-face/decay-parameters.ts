/**
 * What transformers' Trainer leaves out of weight decay: `get_decay_parameter_names` of trainer.py in
 * transformers 5.23.0.
 */
const LEFT_OUT = [/bias/, /layernorm/, /rmsnorm/, /(?:^|\.)norm(?:$|\.)/, /_norm(?:$|\.)/];

/**
 * Whether transformers' Trainer lets a parameter of a Llama decay, by its name in the state dict:
 * neither biases nor norms do. LayerNorm, which Trainer leaves out by its class, is in none of the
 * models that are read here.
 */
export const isDecayed = (name: string): boolean =>
  !LEFT_OUT.some((pattern) => pattern.test(name.toLowerCase()));
