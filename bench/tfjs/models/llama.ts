import * as tf from '@tensorflow/tfjs-core';
import type { StepOf } from '../../../src/bench/work.ts';
import { attentionOf } from '../attention.ts';
import { crossEntropyOf } from '../cross-entropy.ts';
import { rmsNormOf } from '../norms.ts';
import { apart, linear, together, type Weights, weightOf } from './layers.ts';

type Step = Extract<StepOf, { readonly model: 'llama-lora' }>;

/** Batch, and what is the same for all batches. */
type Given = 'ids' | 'labels' | 'mask' | 'cos' | 'sin';

/** The epsilon of its norms, and alpha / r of its adapters. */
const EPS = 1e-6;
const LORA_SCALE = 2;

/** The loss of Llama with adapters. */
export function llamaLoss(
  weights: Weights,
  { ids, labels, mask, cos, sin }: Readonly<Record<Given, tf.Tensor>>,
  step: Step,
): tf.Tensor {
  const { batch, tokens, width, layers, heads } = step;
  const norm = (name: string, y: tf.Tensor) =>
    rmsNormOf(y, weightOf(weights, `${name}.weight`), EPS);
  const rotate = rotation(cos, sin);
  const rows = tf.gather(weightOf(weights, 'model.embed_tokens.weight'), ids as tf.Tensor2D);
  let x: tf.Tensor = tf.reshape(rows, [batch * tokens, width]);
  for (let i = 0; i < layers; i++) {
    const at = `model.layers.${i}`;
    const normed = norm(`${at}.input_layernorm`, x);
    const projected = (name: string) =>
      apart(adapted(weights, at, `self_attn.${name}`, normed), step);
    const operands = {
      q: rotate(projected('q_proj')),
      k: rotate(projected('k_proj')),
      v: projected('v_proj'),
    };
    const attended = together(attentionOf(operands, 1 / Math.sqrt(width / heads), mask), step);
    x = tf.add(x, linear(weights, `${at}.self_attn.o_proj`, attended));
    const inner = norm(`${at}.post_attention_layernorm`, x);
    const gate = linear(weights, `${at}.mlp.gate_proj`, inner);
    const up = linear(weights, `${at}.mlp.up_proj`, inner);
    const raised = tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
    x = tf.add(x, linear(weights, `${at}.mlp.down_proj`, raised));
  }
  // Each position but the last is asked for the label of the next.
  const asked = tf.slice(tf.reshape(x, [batch, tokens, width]), [0, 0, 0], [-1, tokens - 1, -1]);
  const rest = norm('model.norm', tf.reshape(asked, [-1, width]));
  const next = tf.reshape(tf.slice(labels, [0, 1], [-1, tokens - 1]), [-1]);
  return crossEntropyOf(linear(weights, 'lm_head', rest), next);
}

/** A linear, with its adapter where it has one. */
function adapted(weights: Weights, at: string, name: string, x: tf.Tensor): tf.Tensor {
  const base = linear(weights, `${at}.${name}`, x);
  if (!(`${at}.${name}.lora_A` in weights)) return base;
  const [down, up] = ['lora_A', 'lora_B'].map((part) => weightOf(weights, `${at}.${name}.${part}`));
  const inner = tf.matMul(x, down as tf.Tensor, false, true);
  const update = tf.matMul(inner, up as tf.Tensor, false, true);
  return tf.add(base, tf.mul(update, LORA_SCALE));
}

/** Rotates the halves of each head [B, H, S, D] by its position. */
function rotation(cos: tf.Tensor, sin: tf.Tensor): (x: tf.Tensor) => tf.Tensor {
  return (x) => {
    const [low, high] = tf.split(x, 2, 3) as [tf.Tensor, tf.Tensor];
    const first = tf.sub(tf.mul(low, cos), tf.mul(high, sin));
    return tf.concat([first, tf.add(tf.mul(high, cos), tf.mul(low, sin))], 3);
  };
}
