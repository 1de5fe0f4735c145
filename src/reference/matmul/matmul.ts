import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { flushOfProducts, gamma, maxAbs, typicalSum } from '../bounds.ts';
import type { Acceptance, Depth, OpRecord, Sample, Value, Values } from '../record.ts';

interface MatmulParams {
  readonly transpose_a?: boolean;
  readonly transpose_b?: boolean;
}

/** Value of matrix element (row, column) of one batch of `value`, after the optional transpose. */
function reader(
  value: Value,
  transposed: boolean,
  batch: number,
): { at: (row: number, col: number) => number; rows: number; cols: number } {
  const [r, c] = value.shape.slice(-2) as [number, number];
  const offset = value.shape.length > 2 ? batch * r * c : 0;
  return {
    at: transposed
      ? (row, col) => value.data[offset + col * c + row] as number
      : (row, col) => value.data[offset + row * c + col] as number,
    rows: transposed ? c : r,
    cols: transposed ? r : c,
  };
}

/** The product of `a` and `b` in float64; `absolute` multiplies the absolute values, as condition numbers need. */
export function product(a: Value, b: Value, transposeA: boolean, transposeB: boolean, absolute = false): Value {
  const batch = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
  const size = absolute ? Math.abs : (x: number) => x;
  const { rows: m, cols: k } = reader(a, transposeA, 0);
  const { cols: n } = reader(b, transposeB, 0);
  const data = new Float64Array(sizeOf(batch) * m * n);
  for (let i = 0; i < sizeOf(batch); i++) {
    const [left, right] = [reader(a, transposeA, i), reader(b, transposeB, i)];
    for (let row = 0; row < m; row++) {
      for (let col = 0; col < n; col++) {
        let sum = 0;
        for (let t = 0; t < k; t++) sum += size(left.at(row, t) * right.at(t, col));
        data[(i * m + row) * n + col] = sum;
      }
    }
  }
  return { shape: [...batch, m, n], data };
}

/** gamma_c (abs(A) abs(B)) with the flush terms, c as `depth` gives it for a sum of so many products. */
export function productBound(a: Value, b: Value, transposeA: boolean, transposeB: boolean, depth: Depth): Acceptance {
  const terms = reader(a, transposeA, 0).cols;
  const c = depth(terms);
  const condition = product(a, b, transposeA, transposeB, true).data;
  const flush = flushOfProducts(terms, maxAbs(a.data), maxAbs(b.data));
  return {
    kind: 'within',
    bound: condition.map((x) => gamma(c) * x + flush),
    typical: condition.map((x) => typicalSum(c, x)),
  };
}

function gradientsOf(a: Value, b: Value, dy: Value, ta: boolean, tb: boolean): Record<'a' | 'b', [Value, Value, boolean, boolean]> {
  return { a: ta ? [b, dy, tb, true] : [dy, b, false, !tb], b: tb ? [dy, a, true, ta] : [a, dy, !ta, false] };
}

function sample(layer: 'exact' | 'legal', a: Shape, b: Shape, y: Shape, params: MatmulParams): Sample<MatmulParams> {
  const flags = { ...(params.transpose_a ? { ta: true } : {}), ...(params.transpose_b ? { tb: true } : {}) };
  return {
    layer,
    label: { a: formatShape(a), b: formatShape(b), ...flags },
    params,
    inputs: (random) => {
      const draw = layer === 'exact' ? () => random.integer(-8, 8) : () => random.normal();
      return { a: hostTensorFrom('f32', a, random.fill(sizeOf(a), draw)), b: hostTensorFrom('f32', b, random.fill(sizeOf(b), draw)) };
    },
    grads: (random) => {
      const draw = layer === 'exact' ? () => random.integer(-8, 8) : () => random.normal();
      return { y: hostTensorFrom('f32', y, random.fill(sizeOf(y), draw)) };
    },
  };
}

const operands = ({ a, b }: Values): [Value, Value] => [a as Value, b as Value];

/** torch.matmul for operands of two or more dimensions, with transposes folded in. */
export const record: OpRecord<MatmulParams> = {
  name: 'matmul',
  family: 'matmul',
  summary: 'y = op(a) op(b), batched',
  inputs: { a: { dtypes: ['f32'], differentiable: true }, b: { dtypes: ['f32'], differentiable: true } },
  outputs: { y: { dtypes: ['f32'] } },
  forward: (inputs, { transpose_a = false, transpose_b = false }) => ({ y: product(...operands(inputs), transpose_a, transpose_b) }),
  acceptance: (inputs, _outputs, { transpose_a = false, transpose_b = false }, { depth }) => ({
    y: productBound(...operands(inputs), transpose_a, transpose_b, depth),
  }),
  vjp: (inputs, { transpose_a = false, transpose_b = false }, grads) => {
    const parts = gradientsOf(...operands(inputs), grads['y'] as Value, transpose_a, transpose_b);
    return { a: product(...parts.a), b: product(...parts.b) };
  },
  vjpAcceptance: (inputs, _gradients, { transpose_a = false, transpose_b = false }, grads, { depth }) => {
    const parts = gradientsOf(...operands(inputs), grads['y'] as Value, transpose_a, transpose_b);
    return { a: productBound(...parts.a, depth), b: productBound(...parts.b, depth) };
  },
  samples: [
    sample('exact', [37, 53], [53, 29], [37, 29], {}),
    sample('exact', [1, 1], [1, 1], [1, 1], {}),
    sample('exact', [53, 37], [53, 29], [37, 29], { transpose_a: true }),
    sample('exact', [37, 53], [29, 53], [37, 29], { transpose_b: true }),
    sample('exact', [3, 5, 7], [3, 7, 9], [3, 5, 9], {}),
    sample('legal', [37, 53], [53, 29], [37, 29], {}),
    sample('legal', [65, 300], [33, 300], [65, 33], { transpose_b: true }),
  ],
  faults: [
    { name: 'last k-step dropped', shader: { file: 'matmul/matmul', from: 'k < dims.k;', to: 'k + 1u < dims.k;' } },
    { name: 'last k-step dropped', direction: 'backward', shader: { file: 'matmul/matmul', from: 'k < dims.k;', to: 'k + 1u < dims.k;' } },
  ],
  wrongValues: [
    { name: 'last term dropped', apply: (inputs, params) => ({ inputs: withoutLastTerm(inputs, params), params }) },
    {
      name: 'constant wrong by 2e-5',
      apply: (inputs, params) => ({
        inputs: { ...inputs, a: { ...(inputs['a'] as Value), data: (inputs['a'] as Value).data.map((x) => x * (1 + 2e-5)) } },
        params,
      }),
    },
  ],
};

/** Zeroes the last column of op(a), which drops the last product of every sum. */
function withoutLastTerm(inputs: Values, { transpose_a = false }: MatmulParams): Values {
  const a = inputs['a'] as Value;
  const [rows, cols] = a.shape.slice(-2) as [number, number];
  const data = a.data.map((x, i) => {
    const last = transpose_a ? Math.floor(i / cols) % rows === rows - 1 : i % cols === cols - 1;
    return last ? 0 : x;
  });
  return { ...inputs, a: { ...a, data } };
}
