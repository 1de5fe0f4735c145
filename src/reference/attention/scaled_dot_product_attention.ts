import { gamma, HALF_EPS } from '../bounds.ts';
import type { Acceptance, Depth, OpRecord, Value, Values, WrongValue } from '../record.ts';
import { type AttentionParams, problemOf } from './scaled_dot_product_attention/problem.ts';
import { attended, gradientsOf, type Result } from './scaled_dot_product_attention/results.ts';
import type { SumError } from './scaled_dot_product_attention/row.ts';
import { samples } from './scaled_dot_product_attention/samples.ts';

const exact: SumError = () => 0;
const legal =
  (depth: Depth): SumError =>
  (terms) =>
    gamma(depth(terms));
/** What sums show under rounding to nearest. */
const typical =
  (depth: Depth): SumError =>
  (terms) =>
    4 * Math.sqrt(depth(terms)) * HALF_EPS;

const within = ({ error: bound }: Result, { error }: Result): Acceptance => ({ kind: 'within', bound, typical: error });

/** torch.nn.functional.scaled_dot_product_attention; with heads in the last dimension and softcap as ONNX's Attention. */
export const record: OpRecord<AttentionParams> = {
  name: 'scaled_dot_product_attention',
  family: 'attention',
  summary: 'y = softmax(scale * q k^T + mask) v',
  inputs: {
    q: { dtypes: ['f32'], differentiable: true },
    k: { dtypes: ['f32'], differentiable: true },
    v: { dtypes: ['f32'], differentiable: true },
    mask: { dtypes: ['f32', 'u8'], optional: true },
  },
  outputs: { y: { dtypes: ['f32'] } },
  forward: (inputs, params) => ({ y: attended(problemOf(inputs, params), exact).value }),
  acceptance: (inputs, _outputs, params, { depth }) => {
    const problem = problemOf(inputs, params);
    return { y: within(attended(problem, legal(depth)), attended(problem, typical(depth))) };
  },
  vjp: (inputs, params, grads) => {
    const { q, k, v } = gradientsOf(problemOf(inputs, params), grads, exact);
    return { q: q.value, k: k.value, v: v.value };
  },
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
    const problem = problemOf(inputs, params);
    const [bounds, expected] = [gradientsOf(problem, grads, legal(depth)), gradientsOf(problem, grads, typical(depth))];
    return { q: within(bounds.q, expected.q), k: within(bounds.k, expected.k), v: within(bounds.v, expected.v) };
  },
  samples,
  faults: [
    {
      name: 'sums twice as large, and one where nothing is attended',
      variants: ['flash'],
      shader: {
        file: 'attention/attention_flash',
        from: 'select(0.0, sums[c / 4u][c % 4u] / total',
        to: 'select(1.0, 2.0 * sums[c / 4u][c % 4u] / total',
      },
    },
    {
      name: 'one added to every result',
      variants: ['naive'],
      shader: { file: 'attention/attention_values', from: 'dims.scale * sum[c]', to: 'dims.scale * sum[c] + 1.0' },
    },
    {
      name: 'one added to the gradient of q',
      direction: 'backward',
      variants: ['flash'],
      shader: { file: 'attention/attention_flash_backward_q', from: 'attention.scale * sums', to: '1.0 + attention.scale * sums' },
    },
    {
      name: 'one added to the gradient of q',
      direction: 'backward',
      variants: ['naive'],
      shader: { file: 'attention/attention_values', from: 'dims.scale * sum[c]', to: 'dims.scale * sum[c] + 1.0' },
    },
  ],
  wrongValues: [
    wrongInput('q wrong by a part in a thousand', 'q', (data) => data.map((x) => x * 1.001)),
    wrongInput('k wrong by a part in a thousand', 'k', (data) => data.map((x) => x * 1.001)),
    wrongInput('v wrong by a part in ten thousand', 'v', (data) => data.map((x) => x * 1.0001)),
    wrongInput('last key dropped', 'k', (data, [, , , width = 1]) => data.map((x, i) => (i >= data.length - width ? -1e3 * x : x))),
    wrongInput('mask off by one', 'mask', (data) => data.map((_, i) => data[(i + 1) % data.length] as number)),
    wrongParams('scale 1 / D for 1 / sqrt(D)', (params, width) => ({ ...params, scale: (params.scale ?? 1 / Math.sqrt(width)) ** 2 })),
    wrongParams('not causal', ({ causal: _, ...params }) => params),
    wrongParams('softcap wrong by a part in a thousand', (params) =>
      params.softcap ? { ...params, softcap: params.softcap * 1.001 } : params,
    ),
    wrongParams('no softcap', ({ softcap: _, ...params }) => params),
    wrongParams('twice as many heads of half the width', ({ heads, kv_heads, ...params }) => ({
      ...params,
      ...(heads && kv_heads ? { heads: 2 * heads, kv_heads: 2 * kv_heads } : {}),
    })),
    {
      name: 'query heads share keys in turn instead of with their neighbours',
      apply: (inputs, params) => {
        const [q, k] = [inputs['q'] as Value, inputs['k'] as Value];
        const repeated = q.shape.length === 4 && q.shape[1] !== k.shape[1];
        const inTurn = (name: string) => interleaved(inputs[name] as Value, q.shape[1] as number);
        return { inputs: repeated ? { ...inputs, k: inTurn('k'), v: inTurn('v') } : inputs, params };
      },
    },
  ],
};

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

function wrongParams(name: string, change: (params: AttentionParams, width: number) => AttentionParams): WrongValue<AttentionParams> {
  return { name, apply: (inputs, params) => ({ inputs, params: change(params, problemOf(inputs, params).q.width) }) };
}

function wrongInput(
  name: string,
  input: string,
  change: (data: Float64Array, shape: Value['shape']) => Float64Array,
): WrongValue<AttentionParams> {
  return {
    name,
    apply: (inputs: Values, params) => {
      const value = inputs[input];
      return { inputs: value ? { ...inputs, [input]: { ...value, data: change(value.data, value.shape) } } : inputs, params };
    },
  };
}
