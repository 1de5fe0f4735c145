import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, matrixOf, type Shape } from '../../tensor/shape.ts';
import { int8Linear as signature } from '../../vocabulary/quant/int8_linear.ts';
import type { InputsOf, OutputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** The number of row `row`, of one for all or one for each; `absent` where there is none. */
const of = (value: Value | undefined, row: number, absent = 0): number =>
  value ? (value.data[value.data.length === 1 ? 0 : row] as number) : absent;

/** Sums of products of codes less their zero points, as 32 bits hold them. */
export function sumsOf({
  x,
  weight,
  x_zero_point,
  weight_zero_point,
}: Pick<Inputs, 'x' | 'weight' | 'x_zero_point' | 'weight_zero_point'>): Float64Array {
  const [m, k] = matrixOf(x.shape);
  const [n] = matrixOf(weight.shape);
  const sums = new Float64Array(m * n);
  for (const i of sums.keys()) {
    const row = Math.floor(i / n);
    const col = i % n;
    let sum = 0;
    for (let j = 0; j < k; j++) {
      const a = (x.data[row * k + j] as number) - of(x_zero_point, row);
      sum += a * ((weight.data[col * k + j] as number) - of(weight_zero_point, col));
    }
    sums[i] = sum | 0;
  }
  return sums;
}

function forward(inputs: Inputs): OutputsOf<typeof signature, Value> {
  const { x, weight, x_scale, weight_scale, bias } = inputs;
  const [n] = matrixOf(weight.shape);
  const shape = [...x.shape.slice(0, -1), n];
  const acc = sumsOf(inputs);
  const y = acc.map((sum, i) => {
    const col = i % n;
    return sum * of(x_scale, Math.floor(i / n)) * of(weight_scale, col) + of(bias, col);
  });
  return { acc: { shape, data: acc }, y: { shape, data: y } };
}

/** A scale or a bias, and how many there are. */
interface Description {
  readonly scales?: 'one' | 'rows' | 'columns' | 'each';
  readonly zeros?: 'x' | 'weight' | 'both';
  readonly bias?: boolean;
  readonly values?: string;
  readonly exact?: boolean;
  readonly draw?: (random: Random) => number;
}

function sample(
  x: Shape,
  out: number,
  { scales = 'each', zeros, bias = false, values, exact = false, draw }: Description = {},
): SampleOf<typeof signature> {
  const [rows, cols] = matrixOf(x);
  const drawn = (dtype: DType, shape: Shape, _random: Random, number: () => number) =>
    filledTensor(dtype, shape, number);
  const xs = [scales === 'rows' || scales === 'each' ? rows : 1];
  const ws = [scales === 'columns' || scales === 'each' ? out : 1];
  return {
    level: exact ? 'exact' : 'legal',
    label: {
      x: formatShape(x),
      out,
      scales,
      ...(zeros ? { zeros } : {}),
      bias,
      ...(values ? { values } : {}),
    },
    params: {},
    inputs: (random) => {
      const codes = (shape: Shape) =>
        drawn('i8', shape, random, () => draw?.(random) ?? random.integer(-128, 127));
      const scale = (shape: Shape) =>
        drawn('f32', shape, random, () =>
          exact ? 2 ** random.integer(-3, 2) : random.uniform(0.002, 0.05),
        );
      const zero = (shape: Shape) => drawn('i8', shape, random, () => random.integer(-128, 127));
      return {
        x: codes(x),
        weight: codes([out, cols]),
        x_scale: scale(xs),
        weight_scale: scale(ws),
        ...(zeros === 'x' || zeros === 'both' ? { x_zero_point: zero(xs) } : {}),
        ...(zeros === 'weight' || zeros === 'both' ? { weight_zero_point: zero(ws) } : {}),
        ...(bias
          ? {
              bias: drawn('f32', [out], random, () =>
                exact ? random.integer(-99, 99) : random.normal(3),
              ),
            }
          : {}),
      };
    },
  };
}

/** A linear layer of 8-bit codes. */
export const record = defineRecord(signature, {
  summary: 'a product of 8-bit codes with their zero points, exact, scaled once, and a bias',
  forward,
  // The sum is converted, both scales and the product round, and the bias once more.
  acceptance: ({ bias }, { acc, y }) => {
    const n = y.shape.at(-1) as number;
    const bound = y.data.map((result, i) => {
      const own = Math.abs(result - of(bias, i % n));
      const converts = Math.abs(acc.data[i] as number) > 2 ** 24 ? 1 : 0;
      const adds = bias ? Math.abs(result) : 0;
      return EPS * ((2 + converts) * own + adds) * SECOND_ORDER + 2 ** 31 * FLUSH;
    });
    return { acc: { kind: 'exact' }, y: { kind: 'within', bound } };
  },
  samples: [
    sample([5, 37], 7, { zeros: 'both', bias: true }),
    sample([6, 32], 16, { scales: 'rows', zeros: 'x', exact: true, bias: true }),
    sample([2, 3, 20], 33, { scales: 'columns', zeros: 'weight' }),
    sample([1, 64], 5, { scales: 'one', zeros: 'both' }),
    sample([19], 3, { scales: 'one', bias: true }),
    sample([1, 1], 1, { scales: 'one', zeros: 'both', exact: true }),
    sample([9, 131], 6, { zeros: 'both' }),
    sample([64, 7], 64, { scales: 'columns', zeros: 'x' }),
    // Sums beyond 2^24.
    sample([3, 1102], 2, { zeros: 'x', values: 'largest', draw: () => -128 }),
    // And odd ones, which no float holds.
    sample([3, 1101], 2, { values: 'odd', draw: () => 127 }),
    sample([4, 6], 3, { zeros: 'x', values: 'zeros', bias: true, draw: () => 0 }),
    // More columns than a workgroup.
    sample([3, 5], 130, { zeros: 'x', bias: true }),
  ],
  faults: [
    {
      name: 'results larger by 1',
      shader: {
        file: 'quant/int8_linear',
        from: 'y[i] = result',
        to: 'y[i] = 1.0 + result',
      },
    },
  ],
  plausibleBugs: [
    inputBug('no zero point of x', 'x_zero_point', () => 0),
    inputBug('no zero point of the weight', 'weight_zero_point', () => 0),
    inputBug('unsigned zero points', 'x_zero_point', (z) => (z < 0 ? z + 256 : z)),
    inputBug("the neighbour's scale of x", 'x_scale', (s, i, { data }) => data[i ^ 1] ?? 2 * s),
    inputBug('scale of the weight wrong by 2e-5', 'weight_scale', (s) => s * (1 + 2e-5)),
    inputBug('bias wrong by 2e-4', 'bias', (b) => b * (1 + 2e-4)),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs) => {
    const { x_scale, weight_scale, bias } = inputs;
    const { acc, y } = forward(inputs);
    const n = y.shape.at(-1) as number;
    const data = acc.data.map((sum, i) => {
      const scale = gpu.mul(of(x_scale, Math.floor(i / n)), of(weight_scale, i % n));
      return bias
        ? gpu.mulAdd(gpu.add(sum, 0), scale, of(bias, i % n))
        : gpu.mul(gpu.add(sum, 0), scale);
    });
    return { acc, y: { shape: y.shape, data } };
  },
});
