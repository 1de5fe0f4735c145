import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { matmul as signature } from '../../vocabulary/matmul/matmul.ts';
import type { GivenParams, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { FLUSH, gamma, storageStep, typicalSum } from '../bounds.ts';
import { broadcastIndex, sumTo } from '../broadcast.ts';
import { boundOfColumnSums } from '../column-sums.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, RecordFault, Value } from '../record.ts';
import {
  absolute,
  absoluteProduct,
  asColumn,
  asRow,
  innerSize,
  product,
  productBound,
} from './product.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/**
 * Operands as matrices, the transposes that apply to them, and y's shape as torch.matmul returns
 * it.
 */
export function operandsOf({ a, b }: Inputs, { transpose_a, transpose_b }: Params) {
  const ta = transpose_a && a.shape.length > 1;
  const tb = transpose_b && b.shape.length > 1;
  return {
    a: asRow(a),
    b: asColumn(b),
    ta,
    tb,
    isRow: a.shape.length === 1,
    isColumn: b.shape.length === 1,
  };
}

type Operands = ReturnType<typeof operandsOf>;

/** Drops the dimensions of y that 1-D operands do not have. */
export function squeezed(shape: Shape, { isRow, isColumn }: Operands): Shape {
  const kept = shape.filter(
    (_, i) => !(isRow && i === shape.length - 2) && !(isColumn && i === shape.length - 1),
  );
  return kept.length > 0 ? kept : [1];
}

/** Gives y, or its gradient, those dimensions back. */
function unsqueezed(y: Value, { isRow, isColumn }: Operands): Value {
  if (isRow) return { ...y, shape: [...y.shape.slice(0, -1), 1, ...y.shape.slice(-1)] };
  return isColumn ? { ...y, shape: [...y.shape, 1] } : y;
}

function forward(inputs: Inputs, params: Params): Value {
  const operands = operandsOf(inputs, params);
  const full = product(operands.a, operands.b, operands.ta, operands.tb);
  return withBias({ ...full, shape: squeezed(full.shape, operands) }, inputs.bias);
}

/**
 * Batch dimensions in groups of neighbours along which the same operands repeat: what dense tensors
 * need strides for.
 */
function batchGroups(inputs: Inputs): number {
  const batches = (['a', 'b', 'bias'] as const).map(
    (name) => inputs[name]?.shape.slice(0, -2) ?? [],
  );
  const rank = Math.max(...batches.map(({ length }) => length));
  const repeats = Array.from({ length: rank }, (_, i) =>
    batches.map((shape) => Number(shape[i - rank + shape.length]) > 1).join(),
  );
  let groups = 0;
  let before: string | undefined;
  for (const repeat of repeats) {
    if (repeat !== before) groups++;
    before = repeat;
  }
  return groups;
}

function withBias(y: Value, bias: Value | undefined): Value {
  if (!bias) return y;
  return {
    ...y,
    data: y.data.map((x, i) => x + (bias.data[broadcastIndex(i, y.shape, bias.shape)] as number)),
  };
}

/**
 * The bias is one more term of every sum, without a product; it may be added to a product that was
 * stored `between`.
 */
function bound(inputs: Inputs, params: Params, { depth, between }: Arithmetic): Acceptance {
  const operands = operandsOf(inputs, params);
  const { a, b, ta, tb } = operands;
  const { bias } = inputs;
  if (!bias) return productBound(a, b, ta, tb, depth);
  const full = absoluteProduct(a, b, ta, tb);
  const condition = withBias(
    { ...full, shape: squeezed(full.shape, operands) },
    absolute(bias),
  ).data;
  const c = depth(innerSize(a, ta)) + 1;
  const { bound: flushed } = productBound(a, b, ta, tb, () => 0);
  const products = forward({ ...inputs, bias: undefined }, params).data;
  return {
    kind: 'within',
    bound: condition.map(
      (x, i) =>
        gamma(c) * x + (flushed[i] as number) + FLUSH + storageStep(products[i] as number, between),
    ),
    typical: condition.map((x) => typicalSum(c, x)),
  };
}

/** The product that is the gradient of each operand. */
export function gradientProducts(
  inputs: Inputs,
  params: Params,
  dy: Value,
): Record<'a' | 'b', [Value, Value, boolean, boolean]> {
  const operands = operandsOf(inputs, params);
  const { a, b, ta, tb } = operands;
  const full = unsqueezed(dy, operands);
  return {
    a: ta ? [b, full, tb, true] : [full, b, false, !tb],
    b: tb ? [full, a, true, ta] : [a, full, !ta, false],
  };
}

interface Options extends GivenParams<typeof signature> {
  readonly bias?: Shape;
  readonly variants?: readonly string[];
}

function sample(
  level: 'exact' | 'legal',
  a: Shape,
  b: Shape,
  y: Shape,
  { bias, variants, ...params }: Options = {},
): SampleOf<typeof signature> {
  const flags = {
    ...(params.transpose_a ? { ta: true } : {}),
    ...(params.transpose_b ? { tb: true } : {}),
  };
  const tensor = (random: Random, shape: Shape) => {
    const draw = level === 'exact' ? () => random.integer(-8, 8) : () => random.normal();
    return hostTensorFrom('f32', shape, random.fill(sizeOf(shape), draw));
  };
  return {
    level,
    ...(variants ? { variants } : {}),
    label: {
      a: formatShape(a),
      b: formatShape(b),
      ...(bias ? { bias: formatShape(bias) } : {}),
      ...flags,
    },
    params,
    inputs: (random) => ({
      a: tensor(random, a),
      b: tensor(random, b),
      ...(bias ? { bias: tensor(random, bias) } : {}),
    }),
    grads: (random) => ({ y: tensor(random, y) }),
  };
}

/** torch.matmul with transposes and an optional bias. */
export const record = defineRecord(signature, {
  summary: 'y = op(a) op(b) + bias, batched and broadcast',
  unsupported: (inputs) =>
    batchGroups(inputs) > 4
      ? 'more than four batch dimensions that broadcast differently'
      : undefined,
  forward: (inputs, params) => ({ y: forward(inputs, params) }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    y: bound(inputs, params, arithmetic),
  }),
  vjp: (inputs, params, grads) => {
    const { y: dy } = grads;
    const { a, b, bias } = inputs;
    const parts = gradientProducts(inputs, params, dy);
    return {
      a: { ...sumTo(product(...parts.a), asRow(a).shape), shape: a.shape },
      b: { ...sumTo(product(...parts.b), asColumn(b).shape), shape: b.shape },
      ...(bias ? { bias: sumTo(dy, bias.shape) } : {}),
    };
  },
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
    const { y: dy } = grads;
    const { a, b, bias } = inputs;
    const parts = gradientProducts(inputs, params, dy);
    return {
      a: productBound(...parts.a, depth, asRow(a).shape),
      b: productBound(...parts.b, depth, asColumn(b).shape),
      ...(bias
        ? { bias: { kind: 'within', bound: boundOfColumnSums(dy, bias.shape, depth) } }
        : {}),
    };
  },
  samples: [
    sample('exact', [37, 53], [53, 29], [37, 29], { bias: [29] }),
    sample('exact', [1, 1], [1, 1], [1, 1], { variants: ['register', 'subgroup'] }),
    sample('exact', [53, 38], [53, 28], [38, 28], { transpose_a: true }),
    sample('exact', [37, 52], [29, 52], [37, 29], { transpose_b: true, bias: [37, 1] }),
    sample('exact', [2, 1, 5, 7], [3, 7, 9], [2, 3, 5, 9], {
      bias: [3, 1, 9],
      variants: ['register', 'subgroup'],
    }),
    sample('exact', [3, 5, 7], [7, 8], [3, 5, 8], { variants: ['register'] }),
    sample('exact', [53], [2, 53, 12], [2, 12], { variants: ['register'] }),
    sample('exact', [70], [70], [1], { variants: ['register'] }),
    sample('legal', [65, 300], [33, 300], [65, 33], { transpose_b: true, bias: [1] }),
    sample('legal', [3, 20, 9], [3, 11, 20], [3, 9, 11], { transpose_a: true, transpose_b: true }),
  ],
  faults: (['forward', 'backward'] as const).flatMap((direction) => [
    fault(
      direction,
      'register',
      'matmul/matmul',
      'last term dropped',
      'k < dims.k;',
      'k + 1u < dims.k;',
    ),
    fault(
      direction,
      'subgroup',
      'matmul/matmul_subgroup',
      'lanes of a quad swapped',
      'k + lane < dims.k)',
      'k + (lane ^ 1u) + 1u < dims.k)',
    ),
    fault(
      direction,
      'tiled',
      'matmul/matmul_tiled',
      'last term of a slab dropped',
      't < SLAB;',
      't + 1u < min(SLAB, dims.k - k);',
    ),
  ]),
  plausibleBugs: [
    {
      name: 'last term dropped',
      apply: (inputs, params) => ({ inputs: withoutLastTerm(inputs, params), params }),
    },
    inputBug('constant wrong by 2e-5', 'a', (x) => x * (1 + 2e-5)),
    inputBug('b wrong by 2e-5', 'b', (x) => x * (1 + 2e-5)),
    {
      name: 'a read as if it were not transposed, or were',
      apply: (inputs, params) => ({
        inputs: reshaped(inputs, 'a'),
        params: { ...params, transpose_a: !params.transpose_a },
      }),
    },
    {
      name: 'b read as if it were not transposed, or were',
      apply: (inputs, params) => ({
        inputs: reshaped(inputs, 'b'),
        params: { ...params, transpose_b: !params.transpose_b },
      }),
    },
    inputBug('bias dropped', 'bias', () => 0),
    inputBug('transposed operand', 'a', byColumns),
  ],
});

function fault(
  direction: 'forward' | 'backward',
  variant: string,
  file: string,
  name: string,
  from: string,
  to: string,
): RecordFault {
  return { name, direction, variants: [variant], shader: { file, from, to } };
}

/**
 * The same elements as matrices of the transposed shape; with a transpose more or less, op(x) keeps
 * its shape.
 */
function reshaped(inputs: Inputs, name: 'a' | 'b'): Inputs {
  const value = inputs[name];
  const { shape } = value;
  const [rows, cols] = shape.slice(-2) as [number, number];
  return shape.length === 1
    ? inputs
    : { ...inputs, [name]: { ...value, shape: [...shape.slice(0, -2), cols, rows] } };
}

/** Zeroes the last column of op(a), which drops the last product of every sum. */
function withoutLastTerm(inputs: Inputs, { transpose_a }: Params): Inputs {
  const { a } = inputs;
  const [rows, cols] = asRow(a).shape.slice(-2) as [number, number];
  const data = a.data.map((x, i) => {
    const isLast = transpose_a ? Math.floor(i / cols) % rows === rows - 1 : i % cols === cols - 1;
    return isLast ? 0 : x;
  });
  return { ...inputs, a: { ...a, data } };
}

/**
 * The element that a kernel with wrong strides would read: that of the same shape filled column by
 * column.
 */
function byColumns(_: number, i: number, a: Value): number {
  const [rows, cols] = asRow(a).shape.slice(-2) as [number, number];
  const size = rows * cols;
  return a.data[i - (i % size) + ((i % cols) * rows + Math.floor((i % size) / cols))] as number;
}
