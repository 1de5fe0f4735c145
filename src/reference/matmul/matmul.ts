import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { matmul as signature } from '../../vocabulary/matmul/matmul.ts';
import type { GivenParams, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, storageStep, typicalSum } from '../bounds.ts';
import { broadcastIndex, sumTo } from '../broadcast.ts';
import { boundOfColumnSums } from '../column-sums.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { drawIntegersOf, integerTypeOf, wrapped } from '../integers.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Depth, Value } from '../record.ts';
import { PRODUCT_FAULTS } from './faults.ts';
import {
  absolute,
  asColumn,
  asRow,
  type InnerProduct,
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

/** alpha and beta as the kernels have them: float32. */
export function factorsOf({ alpha, beta }: Params) {
  return { alpha: Math.fround(alpha), beta: Math.fround(beta) };
}

/** The bias times beta, which is not there where beta is 0: torch.addmm reads no NaN of it then. */
function termOf({ bias }: Inputs, params: Params): Value | undefined {
  const { beta } = factorsOf(params);
  return bias && beta !== 0 ? scaled(bias, beta) : undefined;
}

function scaled(value: Value, by: number): Value {
  return { shape: value.shape, data: value.data.map((x) => by * x) };
}

/** alpha op(a) op(b), of y's shape. */
function scaledProduct(inputs: Inputs, params: Params): Value {
  const operands = operandsOf(inputs, params);
  const full = product(operands.a, operands.b, operands.ta, operands.tb);
  const { data } = scaled(full, factorsOf(params).alpha);
  return { shape: squeezed(full.shape, operands), data };
}

function forward(inputs: Inputs, params: Params): Value {
  return (
    ofIntegers(inputs, params) ?? withTerm(scaledProduct(inputs, params), termOf(inputs, params))
  );
}

/** The same of integers, which wrap in 32 bits and then in their type; undefined of floats. */
function ofIntegers(inputs: Inputs, params: Params): Value | undefined {
  const { a, b, bias } = inputs;
  const type = integerTypeOf([a, b, ...(bias ? [bias] : [])]);
  if (!type) return undefined;
  const { alpha, beta } = params;
  const operands = operandsOf(inputs, params);
  const full = product(operands.a, operands.b, operands.ta, operands.tb, dotOfIntegers);
  const shape = squeezed(full.shape, operands);
  const data = full.data.map((sum, i) => {
    const term =
      bias && beta !== 0 ? (bias.data[broadcastIndex(i, shape, bias.shape)] as number) : 0;
    return wrapped(Math.imul(alpha, sum) + Math.imul(beta, term), type);
  });
  return { shape, data };
}

const dotOfIntegers: InnerProduct = (a, startA, b, startB, terms) => {
  let sum = 0;
  for (let t = 0; t < terms; t++)
    sum = (sum + Math.imul(a[startA + t] as number, b[startB + t] as number)) | 0;
  return sum;
};

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

function withTerm(y: Value, term: Value | undefined): Value {
  if (!term) return y;
  return {
    ...y,
    data: y.data.map((x, i) => x + (term.data[broadcastIndex(i, y.shape, term.shape)] as number)),
  };
}

/**
 * The bias is one more term of every sum, with a product where beta is not 1; it may be added to a
 * product that was stored `between`.
 */
function bound(inputs: Inputs, params: Params, { depth, between }: Arithmetic): Acceptance {
  const { a, b, ta, tb } = operandsOf(inputs, params);
  const { alpha, beta } = factorsOf(params);
  const term = termOf(inputs, params);
  if (!term) return productBound(a, b, ta, tb, depth, undefined, alpha);
  const own = productBound(a, b, ta, tb, (terms) => depth(terms) + 1, undefined, alpha);
  const c = depth(innerSize(a, ta)) + 1 + Number(alpha !== 1);
  const products = scaledProduct(inputs, params);
  const sizes = withTerm(
    { shape: products.shape, data: new Float64Array(products.data.length) },
    absolute(term),
  ).data;
  const flushed = FLUSH * (beta === 1 ? 1 : 2 + Math.abs(beta));
  return {
    kind: 'within',
    bound: own.bound.map(
      (error, i) =>
        error +
        gamma(c) * (sizes[i] as number) +
        flushed +
        storageStep(products.data[i] as number, between),
    ),
    typical: sizes.map((size, i) => (own.typical?.[i] ?? 0) + typicalSum(c, size)),
  };
}

/** Sums of dy times beta: the product rounds once more. */
function biasBound(sums: Value, dy: Value, params: Params, depth: Depth): Acceptance {
  const { beta } = factorsOf(params);
  const own = boundOfColumnSums(dy, sums.shape, depth);
  if (beta === 1) return { kind: 'within', bound: own };
  const size = Math.abs(beta);
  return {
    kind: 'within',
    bound: own.map(
      (error, i) =>
        size * error * (1 + EPS) + EPS * Math.abs(sums.data[i] as number) + FLUSH * (1 + size),
    ),
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
  const { alpha, beta } = params;
  const told = {
    ...(params.transpose_a ? { ta: true } : {}),
    ...(params.transpose_b ? { tb: true } : {}),
    ...(alpha === undefined ? {} : { alpha }),
    ...(beta === undefined ? {} : { beta }),
  };
  const tensor = (random: Random, shape: Shape) => {
    const draw = level === 'exact' ? () => random.integer(-8, 8) : () => random.normal();
    return filledTensor('f32', shape, draw);
  };
  return {
    level,
    ...(variants ? { variants } : {}),
    label: {
      a: formatShape(a),
      b: formatShape(b),
      ...(bias ? { bias: formatShape(bias) } : {}),
      ...told,
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

/** Integers of any size, whose sums of products wrap. */
function integerSample(
  dtype: 'i32' | 'u8' | 'i8',
  [a, b, bias]: readonly [Shape, Shape, Shape?],
  { variants, ...params }: Omit<Options, 'bias'> = {},
): SampleOf<typeof signature> {
  const { a: _, b: __, ...told } = sample('exact', a, b, [1], params).label;
  return {
    level: 'exact',
    ...(variants ? { variants } : {}),
    label: {
      a: formatShape(a),
      b: formatShape(b),
      ...(bias ? { bias: formatShape(bias) } : {}),
      ...told,
      dtype,
    },
    integers: true,
    params,
    inputs: (random) => ({
      a: drawIntegersOf(random, a, dtype),
      b: drawIntegersOf(random, b, dtype),
      ...(bias ? { bias: drawIntegersOf(random, bias, dtype) } : {}),
    }),
  };
}

const ONE = { variants: ['register'] };

/** torch.matmul with transposes and an optional bias, and the factors of torch.addmm. */
export const record = defineRecord(signature, {
  summary: 'y = alpha op(a) op(b) + beta bias, batched and broadcast',
  unsupported: (inputs) =>
    batchGroups(inputs) > 4
      ? 'more than four batch dimensions that broadcast differently'
      : undefined,
  forward: (inputs, params) => ({ y: forward(inputs, params) }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    y: ofIntegers(inputs, params) ? { kind: 'exact' } : bound(inputs, params, arithmetic),
  }),
  vjp: (inputs, params, grads) => {
    const { y: dy } = grads;
    const { a, b, bias } = inputs;
    const parts = gradientProducts(inputs, params, dy);
    const { alpha, beta } = factorsOf(params);
    const toA = sumTo(product(...parts.a), asRow(a).shape);
    const toB = sumTo(product(...parts.b), asColumn(b).shape);
    return {
      a: { ...scaled(toA, alpha), shape: a.shape },
      b: { ...scaled(toB, alpha), shape: b.shape },
      ...(bias ? { bias: scaled(sumTo(dy, bias.shape), beta) } : {}),
    };
  },
  vjpAcceptance: (inputs, gradients, params, grads, { depth }) => {
    const { y: dy } = grads;
    const { a, b } = inputs;
    const parts = gradientProducts(inputs, params, dy);
    const { alpha } = factorsOf(params);
    return {
      a: productBound(...parts.a, depth, asRow(a).shape, alpha),
      b: productBound(...parts.b, depth, asColumn(b).shape, alpha),
      ...(gradients.bias ? { bias: biasBound(gradients.bias, dy, params, depth) } : {}),
    };
  },
  samples: [
    sample('exact', [37, 53], [53, 29], [37, 29], { bias: [29] }),
    sample('exact', [1, 1], [1, 1], [1, 1], { variants: ['register'] }),
    sample('exact', [53, 38], [53, 28], [38, 28], { transpose_a: true }),
    sample('exact', [53, 36], [53, 28], [36, 28], { transpose_a: true, variants: ['subgroup'] }),
    sample('exact', [21, 36], [21, 10], [36, 10], { transpose_a: true, variants: ['tiled'] }),
    sample('exact', [37, 52], [29, 52], [37, 29], { transpose_b: true, bias: [37, 1] }),
    // Four batch dimensions of different sizes, and no two can be merged.
    sample('exact', [2, 1, 5, 1, 5, 7], [3, 1, 4, 7, 9], [2, 3, 5, 4, 5, 9], {
      bias: [5, 1, 1, 9],
      variants: ['register', 'subgroup'],
    }),
    sample('exact', [3, 5, 7], [7, 8], [3, 5, 8], { variants: ['register'] }),
    sample('exact', [53], [2, 53, 12], [2, 12], { variants: ['register'] }),
    sample('exact', [70], [70], [1], { variants: ['register'] }),
    // Rows whose columns are those of several workgroups.
    sample('exact', [21], [21, 515], [515], { variants: ['register'] }),
    sample('exact', [1, 12], [2, 12, 528], [2, 1, 528], { bias: [528], variants: ['register'] }),
    sample('exact', [13, 12], [12, 9], [13, 9], { bias: [9], alpha: -3, beta: 2 }),
    sample('exact', [2, 3, 5], [5, 4], [2, 3, 4], { bias: [4], beta: 0, variants: ['register'] }),
    integerSample('i32', [[13, 37], [37, 11], [11]]),
    integerSample(
      'i32',
      [
        [2, 1, 5, 7],
        [3, 9, 7],
        [3, 1, 9],
      ],
      {
        ...ONE,
        transpose_b: true,
        alpha: -3,
        beta: 5,
      },
    ),
    integerSample(
      'i32',
      [
        [6, 5],
        [6, 4],
        [5, 1],
      ],
      { ...ONE, transpose_a: true, beta: 0 },
    ),
    integerSample('u8', [[70], [2, 70, 3]], ONE),
    integerSample('i8', [[3, 5, 40], [40], [5]], ONE),
    sample('legal', [65, 300], [33, 300], [65, 33], { transpose_b: true, bias: [1] }),
    sample('legal', [3, 20, 9], [3, 11, 20], [3, 9, 11], { transpose_a: true, transpose_b: true }),
    sample('legal', [3, 21, 8], [3, 21, 20], [3, 8, 20], {
      transpose_a: true,
      variants: ['subgroup'],
    }),
    sample('legal', [9, 40], [40, 11], [9, 11], { bias: [9, 1], alpha: 0.3, beta: -0.7 }),
  ],
  faults: [
    {
      name: 'last term of integers dropped',
      integers: true,
      shader: { file: 'matmul/integer_matmul', from: 'k < dims.k;', to: 'k + 1u < dims.k;' },
    },
    ...PRODUCT_FAULTS,
  ],
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
    paramsBug('no alpha', ({ alpha, ...params }) => ({ ...params, alpha: 1 })),
    paramsBug('no beta', ({ beta, ...params }) => ({ ...params, beta: 1 })),
    inputBug('transposed operand', 'a', byColumns),
  ],
});

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
