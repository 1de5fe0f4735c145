import { scaledDotProductAttention as signature } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { gamma, HALF_EPS, IN_ANY_ORDER } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Depth, Value } from '../record.ts';
import { IN_HALVES } from '../rounding.ts';
import { flashSteps } from './scaled_dot_product_attention/flash-steps.ts';
import { problemOf } from './scaled_dot_product_attention/problem.ts';
import { referenceSteps, SUMS } from './scaled_dot_product_attention/reference-steps.ts';
import { attended, gradientsOf, type Result } from './scaled_dot_product_attention/results.ts';
import type { SumError } from './scaled_dot_product_attention/row.ts';
import { samples } from './scaled_dot_product_attention/samples.ts';

const legal =
  (depth: Depth): SumError =>
  (terms) =>
    gamma(depth(terms));
const numbersAlone = legal(IN_ANY_ORDER.depth);
/** What sums show under rounding to nearest. */
const typical =
  (depth: Depth): SumError =>
  (terms) =>
    4 * Math.sqrt(depth(terms)) * HALF_EPS;

const within = ({ error: bound }: Result, { error }: Result): Acceptance => ({
  kind: 'within',
  bound,
  typical: error,
});

/**
 * torch.nn.functional.scaled_dot_product_attention; with heads in the last dimension and softcap as
 * ONNX's Attention.
 */
export const record = defineRecord(signature, {
  summary: 'y = softmax(scale * q k^T + mask) v',
  forward: (inputs, params) => ({ y: attended(problemOf(inputs, params), numbersAlone).value }),
  acceptance: (inputs, _outputs, params, { depth, between }) => {
    const problem = problemOf(inputs, params);
    const kept = between && IN_HALVES[between];
    return { y: within(attended(problem, legal(depth), kept), attended(problem, typical(depth))) };
  },
  foreseen: (steps, inputs, params, grads) => {
    const problem = problemOf(inputs, params);
    if (!grads) return { y: SUMS.map((sums) => referenceSteps(steps, problem, sums)) };
    // torch's flash attention has no softcap.
    return problem.softcap === 0 ? flashSteps(steps, problem, grads.y) : {};
  },
  vjp: (inputs, params, grads) => {
    const { q, k, v, mask } = gradientsOf(problemOf(inputs, params), grads.y, numbersAlone);
    return { q: q.value, k: k.value, v: v.value, mask: mask?.value };
  },
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
    const problem = problemOf(inputs, params);
    const bounds = gradientsOf(problem, grads.y, legal(depth));
    const expected = gradientsOf(problem, grads.y, typical(depth));
    return {
      q: within(bounds.q, expected.q),
      k: within(bounds.k, expected.k),
      v: within(bounds.v, expected.v),
      mask: bounds.mask && within(bounds.mask, expected.mask as Result),
    };
  },
  samples,
  faults: [
    {
      name: 'sums twice as large, and one where nothing is attended',
      variants: ['flash'],
      shader: {
        file: 'attention/attention_flash',
        from: 'select(vec4f(), rows[i / 4u][i % 4u] / total',
        to: 'select(vec4f(1.0), 2.0 * rows[i / 4u][i % 4u] / total',
      },
    },
    {
      name: 'sums twice as large, and one where nothing is attended',
      variants: ['tiled'],
      shader: {
        file: 'attention/attention_tiled',
        from: 'select(vec4f(), rows[r] / totals[r]',
        to: 'select(vec4f(1.0), 2.0 * rows[r] / totals[r]',
      },
    },
    {
      name: 'one added to the gradient of q',
      direction: 'backward',
      variants: ['flash'],
      shader: {
        file: 'attention/attention_flash_backward_q',
        from: 'attention.scale * rows',
        to: '1.0 + attention.scale * rows',
      },
    },
    {
      name: 'one added to the gradient of q',
      direction: 'backward',
      variants: ['tiled'],
      shader: {
        file: 'attention/attention_tiled_backward_q',
        from: 'attention.scale * rows',
        to: '1.0 + attention.scale * rows',
      },
    },
  ],
  plausibleBugs: [
    inputBug('q wrong by a part in a thousand', 'q', (x) => x * 1.001),
    inputBug('k wrong by a part in a thousand', 'k', (x) => x * 1.001),
    inputBug('v wrong by a part in ten thousand', 'v', (x) => x * 1.0001),
    inputBug('last key dropped', 'k', (x, i, { data, shape }) =>
      i >= data.length - (shape.at(-1) as number) ? -1e3 * x : x,
    ),
    inputBug('mask off by one', 'mask', (_, i, { data }) => data[(i + 1) % data.length] as number),
    {
      name: 'scale 1 / D for 1 / sqrt(D)',
      apply: (inputs, params) => {
        const { width } = problemOf(inputs, params).q;
        const scale = (params.scale ?? 1 / Math.sqrt(width)) ** 2;
        return { inputs, params: { ...params, scale } };
      },
    },
    paramsBug('not causal', (params) => ({ ...params, causal: false })),
    paramsBug('softcap wrong by a part in a thousand', (params) =>
      params.softcap ? { ...params, softcap: params.softcap * 1.001 } : params,
    ),
    paramsBug('no softcap', ({ softcap: _, ...params }) => params),
    paramsBug('twice as many heads of half the width', ({ heads, kv_heads, ...params }) => ({
      ...params,
      ...(heads && kv_heads ? { heads: 2 * heads, kv_heads: 2 * kv_heads } : {}),
    })),
    {
      name: 'query heads share keys in turn instead of with their neighbours',
      apply: (inputs, params) => {
        const { q, k, v } = inputs;
        const { heads, group } = problemOf(inputs, params);
        const repeated = q.shape.length === 4 && group > 1;
        const inTurn = { ...inputs, k: interleaved(k, heads), v: interleaved(v, heads) };
        return { inputs: repeated ? inTurn : inputs, params };
      },
    },
  ],
});

/** [B, KV, S, D] with a head for each of `heads` query heads: head h takes h % KV. */
function interleaved({ shape, data }: Value, heads: number): Value {
  const [batch, kv, length, width] = shape as [number, number, number, number];
  const size = length * width;
  const repeated = new Float64Array(batch * heads * size);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const from = (b * kv + (h % kv)) * size;
      repeated.set(data.subarray(from, from + size), (b * heads + h) * size);
    }
  }
  return { shape: [batch, heads, length, width], data: repeated };
}
