import { InvariantError } from '../errors.ts';
import { type Call, mapped, type Results } from '../graph/call.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { SEED } from './drawn.ts';

/** Inputs whose rows alone decide those of the outputs, by op. */
const DECIDING: Readonly<Record<string, readonly string[]>> = {
  matmul: ['a'],
  softmax: ['x'],
  rms_norm: ['x'],
  adamw_step: ['param', 'exp_avg', 'exp_avg_sq', 'grad'],
};

/** A call of fewer rows than it has, and how its results are cut likewise. */
export interface SomeRows {
  readonly call: Call<HostTensor>;
  readonly cut: (results: Results<HostTensor>) => Results<HostTensor>;
}

/**
 * The first and the last of the rows of a call each of whose rows [m, n] depends on those of some
 * inputs alone, as of a product y [m, n] of a [m, k] and b [k, n], and drawn ones up to `count`.
 * Throws InvariantError for another call, and for gradients.
 */
export function someRows(call: Call<HostTensor>, count: number): SomeRows {
  const { op, params, inputs, grads } = call;
  const deciding = DECIDING[op.name] ?? [];
  const [first = ''] = deciding;
  const { shape = [] } = inputs[first] ?? {};
  const isTransposed = Object.keys(params).some((name) => name.startsWith('transpose_'));
  if (shape.length !== 2 || isTransposed || grads)
    throw new InvariantError(`${op.name} is not judged row by row`);
  const [all] = shape as readonly [number, number];
  const random = new Random(SEED);
  const rows = [0, all - 1];
  while (rows.length < count) rows.push(random.integer(0, all - 1));
  // A result of another shape is wrong, and judged to be.
  const cut = (tensor: HostTensor) => (tensor.shape[0] === all ? rowsOf(tensor, rows) : tensor);
  return {
    call: {
      ...call,
      inputs: mapped(inputs, (tensor, name) => (deciding.includes(name) ? cut(tensor) : tensor)),
    },
    cut: ({ outputs, gradients }) => ({ outputs: mapped(outputs, cut), gradients }),
  };
}

function rowsOf({ dtype, shape, data }: HostTensor, rows: readonly number[]): HostTensor {
  const [all = 1, ...rest] = shape;
  const width = data.length / all; // 1 of what has a number for each row
  const kept = data.slice(0, rows.length * width);
  for (const [i, row] of rows.entries())
    kept.set(data.subarray(row * width, (row + 1) * width), i * width);
  return hostTensor(dtype, [rows.length, ...rest], kept);
}
