import * as tf from '@tensorflow/tfjs-core';
import type { StepOf } from '../../../src/bench/work.ts';
import { attentionOf } from '../attention.ts';
import { crossEntropyOf } from '../cross-entropy.ts';
import { geluOf } from '../gelu.ts';
import { layerNormOf } from '../norms.ts';
import { apart, linear, together, type Weights, weightOf } from './layers.ts';

type Step = Extract<StepOf, { readonly model: 'transformer' }>;

/** The epsilon of its norms. */
const EPS = 1e-5;

/** The loss of the language model of pre-norm blocks. */
export function transformerLoss(
  weights: Weights,
  { ids, labels, mask }: Readonly<Record<'ids' | 'labels' | 'mask', tf.Tensor>>,
  step: Step,
): tf.Tensor {
  const { batch, tokens, width, blocks, heads } = step;
  const norm = (name: string, y: tf.Tensor) =>
    layerNormOf(y, weightOf(weights, `${name}.weight`), weightOf(weights, `${name}.bias`), EPS);
  const rows = tf.gather(weightOf(weights, 'embeddings.weight'), ids as tf.Tensor2D);
  const placed = tf.add(rows, weightOf(weights, 'positions.weight'));
  let x: tf.Tensor = tf.reshape(placed, [batch * tokens, width]);
  for (let i = 0; i < blocks; i++) {
    const at = `blocks.${i}`;
    const normed = norm(`${at}.norm1`, x);
    const projected = (name: string) => apart(linear(weights, `${at}.${name}`, normed), step);
    const operands = { q: projected('q'), k: projected('k'), v: projected('v') };
    const attended = attentionOf(operands, 1 / Math.sqrt(width / heads), mask);
    x = tf.add(x, linear(weights, `${at}.o`, together(attended, step)));
    const up = geluOf(linear(weights, `${at}.up`, norm(`${at}.norm2`, x)), 'tanh');
    x = tf.add(x, linear(weights, `${at}.down`, up));
  }
  const logits = linear(weights, 'head', norm('norm', x));
  return crossEntropyOf(logits, tf.reshape(labels, [batch * tokens]));
}
