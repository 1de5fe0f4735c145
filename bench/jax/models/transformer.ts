import { nn, numpy as np } from '@jax-js/jax';
import type { StepOf } from '../../../src/bench/work.ts';
import { attentionOf } from '../attention.ts';
import { crossEntropyOf } from '../cross-entropy.ts';
import { layerNormOf } from '../norms.ts';
import type { Arrays } from '../op.ts';
import { apart, linear, together, use } from './layers.ts';

type Step = Extract<StepOf, { readonly model: 'transformer' }>;

/** The epsilon of its norms. */
const EPS = 1e-5;

/** The loss of the language model of pre-norm blocks. */
export function transformerLoss(weights: Arrays, given: Arrays, step: Step): np.Array {
  const { batch, tokens, width, blocks, heads } = step;
  const norm = (name: string, y: np.Array) =>
    layerNormOf(y, use(weights, `${name}.weight`), use(weights, `${name}.bias`), EPS);
  const rows = np.take(use(weights, 'embeddings.weight'), use(given, 'ids'), 0);
  let x = rows.add(use(weights, 'positions.weight')).reshape([batch * tokens, width]);
  for (let i = 0; i < blocks; i++) {
    const at = `blocks.${i}`;
    const normed = norm(`${at}.norm1`, x.ref);
    const projected = (name: string) => apart(linear(weights, `${at}.${name}`, normed.ref), step);
    const attended = attentionOf(projected('q'), projected('k'), projected('v'), {
      scale: 1 / Math.sqrt(width / heads),
      causal: true,
    });
    normed.dispose();
    x = x.add(linear(weights, `${at}.o`, together(attended, step)));
    const up = linear(weights, `${at}.up`, norm(`${at}.norm2`, x.ref));
    x = x.add(linear(weights, `${at}.down`, nn.gelu(up, { approximate: true })));
  }
  const logits = linear(weights, 'head', norm('norm', x));
  return crossEntropyOf(logits, use(given, 'labels').reshape([batch * tokens]));
}
