import shader from '../../shaders/math/topk.wgsl';
import { u32 } from '../../src/gpu/shader.ts';
import { topk } from '../../src/ops/math/topk.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';

export const order = suite('math.topk', {
  description: 'What torch leaves open and ours decides: which of equal elements is taken first',
});

const { NaN: NAN } = Number;
/** Elements of a row, and their places from the largest on and from the smallest on. */
const ROWS = {
  equal: [
    [7, 7, 7, 7, 7],
    [0, 1, 2, 3, 4],
    [0, 1, 2, 3, 4],
  ],
  'of-two-values': [
    [1, 2, 1, 2, 1],
    [1, 3, 0, 2, 4],
    [0, 2, 4, 1, 3],
  ],
  'no-number': [
    [3, NAN, Number.POSITIVE_INFINITY, NAN, -1],
    [1, 3, 2, 0, 4],
    [4, 0, 2, 1, 3],
  ],
} as const;

order
  .case('ties', { row: Object.keys(ROWS) })
  .desc('Of equal elements the first comes first, what is no number is the largest.')
  .control('each after the next', (fault) =>
    fault.shader('math/topk', 'indices[to] = found;', 'indices[to] = next;'),
  )
  .run(async (t) => {
    const [row, ...expected] = ROWS[t.params['row'] as keyof typeof ROWS];
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [5], [...row]));
    for (const [i, places] of expected.entries()) {
      for (const k of [1, 3, 5]) {
        const { values, indices } = topk.forward(t.gpu, { x }, { k, largest: i === 0 });
        values[Symbol.dispose]();
        const data = valuesOf(await indices.read());
        indices[Symbol.dispose]();
        const wanted = { shape: [k], data: Float64Array.from(places.slice(0, k)) };
        t.expectEqual(`${k} ${i === 0 ? 'largest' : 'smallest'}`, { shape: [k], data }, wanted);
      }
    }
  });

order
  .case('grid')
  .desc(
    'A grid of more workgroups than rows, as that of 65,537 is, takes of each row and nothing behind the last.',
  )
  .control('one row more', (fault) =>
    fault.shader('math/topk', 'row >= dims.rows', 'row > dims.rows'),
  )
  .run(async (t) => {
    // Four rows of two; the grid is told of three.
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [4, 2], [1, 2, 4, 3, 5, 6, 8, 7]));
    using values = Tensor.zeros(t.gpu, [4]);
    using indices = Tensor.zeros(t.gpu, [4]);
    t.gpu.dispatch({
      shader,
      bindings: [x, values, indices].map((tensor) => tensor.binding),
      uniforms: [3, 2, 1, 1, 0, 1].map(u32),
      workgroups: [2, 2, 1],
    });
    const expected = { shape: [4], data: Float64Array.of(2, 4, 6, 0) };
    t.expectEqual('values', { shape: [4], data: valuesOf(await values.read()) }, expected);
  });
