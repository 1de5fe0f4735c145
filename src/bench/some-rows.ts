import { InvariantError } from '../errors.ts';
import { type Call, mapped, type Results } from '../graph/call.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { SEED } from './drawn.ts';

/** A product of fewer rows than it has, and how its results are cut likewise. */
export interface SomeRows {
  readonly call: Call<HostTensor>;
  readonly cut: (results: Results<HostTensor>) => Results<HostTensor>;
}

/**
 * The first and the last of the rows of a product y [m, n] of a [m, k] and b [k, n], and drawn ones
 * up to `count`: each row of y depends on that of a alone. Throws InvariantError for another call.
 */
export function someRows(call: Call<HostTensor>, count: number): SomeRows {
  const { op, params, inputs, grads } = call;
  const { a } = inputs;
  if (op.name !== 'matmul' || Object.keys(params).length > 0 || grads || a?.shape.length !== 2)
    throw new InvariantError(`${op.name} is not judged row by row`);
  const [all] = a.shape as readonly [number, number];
  const random = new Random(SEED);
  const rows = [0, all - 1];
  while (rows.length < count) rows.push(random.integer(0, all - 1));
  // A result of another shape is wrong, and judged to be.
  const cut = (tensor: HostTensor) => (tensor.shape[0] === all ? rowsOf(tensor, rows) : tensor);
  return {
    call: { ...call, inputs: { ...inputs, a: cut(a) } },
    cut: ({ outputs, gradients }) => ({ outputs: mapped(outputs, cut), gradients }),
  };
}

function rowsOf({ dtype, shape, data }: HostTensor, rows: readonly number[]): HostTensor {
  const width = shape[1] as number;
  const kept = data.slice(0, rows.length * width);
  for (const [i, row] of rows.entries())
    kept.set(data.subarray(row * width, (row + 1) * width), i * width);
  return hostTensor(dtype, [rows.length, width], kept);
}
