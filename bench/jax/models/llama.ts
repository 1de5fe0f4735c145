import { nn, numpy as np } from '@jax-js/jax';
import type { StepOf } from '../../../src/bench/work.ts';
import { attentionOf } from '../attention.ts';
import { crossEntropyOf } from '../cross-entropy.ts';
import { rmsNormOf } from '../norms.ts';
import type { Arrays } from '../op.ts';
import { apart, linear, together, use } from './layers.ts';

type Step = Extract<StepOf, { readonly model: 'llama-lora' }>;

/** The epsilon of its norms, and alpha / r of its adapters. */
const EPS = 1e-6;
const LORA_SCALE = 2;

/** The loss of Llama with adapters; `given` has the angles of the positions too. */
export function llamaLoss(weights: Arrays, given: Arrays, step: Step): np.Array {
  const { batch, tokens, width, layers, heads } = step;
  const norm = (name: string, y: np.Array) => rmsNormOf(y, use(weights, `${name}.weight`), EPS);
  const rows = np.take(use(weights, 'model.embed_tokens.weight'), use(given, 'ids'), 0);
  let x = rows.reshape([batch * tokens, width]);
  for (let i = 0; i < layers; i++) {
    const at = `model.layers.${i}`;
    const normed = norm(`${at}.input_layernorm`, x.ref);
    const projected = (name: string) =>
      apart(adapted(weights, at, `self_attn.${name}`, normed.ref), step);
    const attended = attentionOf(
      rotated(projected('q_proj'), given),
      rotated(projected('k_proj'), given),
      projected('v_proj'),
      { scale: 1 / Math.sqrt(width / heads), causal: true },
    );
    normed.dispose();
    x = x.add(linear(weights, `${at}.self_attn.o_proj`, together(attended, step)));
    const inner = norm(`${at}.post_attention_layernorm`, x.ref);
    const gate = nn.silu(linear(weights, `${at}.mlp.gate_proj`, inner.ref));
    const raised = gate.mul(linear(weights, `${at}.mlp.up_proj`, inner));
    x = x.add(linear(weights, `${at}.mlp.down_proj`, raised));
  }
  // Each position but the last is asked for the label of the next.
  const asked = x.reshape([batch, tokens, width]).slice([], [0, tokens - 1]);
  const rest = norm('model.norm', asked.reshape([-1, width]));
  const next = use(given, 'labels').slice([], [1, tokens]).reshape([-1]);
  return crossEntropyOf(linear(weights, 'lm_head', rest), next);
}

/** A linear, with its adapter where it has one. */
function adapted(weights: Arrays, at: string, name: string, x: np.Array): np.Array {
  if (!(`${at}.${name}.lora_A` in weights)) return linear(weights, `${at}.${name}`, x);
  const base = linear(weights, `${at}.${name}`, x.ref);
  const [down, up] = ['lora_A', 'lora_B'].map((part) =>
    np.transpose(use(weights, `${at}.${name}.${part}`)),
  ) as [np.Array, np.Array];
  return base.add(np.matmul(np.matmul(x, down), up).mul(LORA_SCALE));
}

/** The halves of each head [B, H, S, D], rotated by its position. */
function rotated(x: np.Array, given: Arrays): np.Array {
  const half = (x.shape[3] as number) / 2;
  const low = x.ref.slice([], [], [], [0, half]);
  const high = x.slice([], [], [], [half, 2 * half]);
  const cos = use(given, 'cos');
  const sin = use(given, 'sin');
  const first = low.ref.mul(cos.ref).sub(high.ref.mul(sin.ref));
  return np.concatenate([first, high.mul(cos).add(low.mul(sin))], -1);
}
