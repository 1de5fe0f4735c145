import shader from '../../shaders/math/topk.wgsl';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { u32 } from '../../src/gpu/shader.ts';
import { topk } from '../../src/ops/math/topk.ts';
import type { Value } from '../../src/reference/record.ts';
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

/** Where the elements that are asked for lie. */
async function placesOf(
  gpu: Gpu,
  x: Tensor,
  params: { readonly k: number; readonly largest?: boolean },
  variant: string,
): Promise<Value> {
  const { values, indices } = topk.forward(gpu, { x }, params, variant);
  values[Symbol.dispose]();
  using places = indices;
  return { shape: places.shape, data: valuesOf(await places.read()) };
}

order
  .case('ties', { row: Object.keys(ROWS) })
  .desc('Of equal elements the first comes first, what is no number is the largest.')
  .control('each after the next', (fault) =>
    fault.shader('math/topk', 'indices[to] = best.y;', 'indices[to] = best.y + 1u;'),
  )
  .run(async (t) => {
    const [row, ...expected] = ROWS[t.params['row'] as keyof typeof ROWS];
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [5], [...row]));
    for (const [i, places] of expected.entries()) {
      for (const k of [1, 3, 5]) {
        const wanted = { shape: [k], data: Float64Array.from(places.slice(0, k)) };
        for (const variant of Object.keys(topk.variants)) {
          const found = await placesOf(t.gpu, x, { k, largest: i === 0 }, variant);
          t.expectEqual(`${k} ${i === 0 ? 'largest' : 'smallest'} by ${variant}`, found, wanted);
        }
      }
    }
  });

order
  .case('patterns')
  .desc('Whatever its bits are, what is no number is equal to others that are none.')
  .control('each after the next', (fault) =>
    fault.shader('math/topk', 'indices[to] = best.y;', 'indices[to] = best.y + 1u;'),
  )
  .run(async (t) => {
    // The first beyond infinity, the last, and those of the other sign.
    const words = Uint32Array.of(0x7f800001, 0x7f800000, 0xffffffff, 0x7fffffff, 0xff800001);
    using x = Tensor.from(t.gpu, hostTensorFrom('f32', [5], new Float32Array(words.buffer)));
    const wanted = { shape: [5], data: Float64Array.of(0, 2, 3, 4, 1) };
    for (const variant of Object.keys(topk.variants))
      t.expectEqual(`places by ${variant}`, await placesOf(t.gpu, x, { k: 5 }, variant), wanted);
  });

order
  .case('grid')
  .desc(
    'A grid of more workgroups than rows, as that of 65,537 is, takes of each row and nothing behind the last.',
  )
  .control('one row more', (fault) =>
    fault.shader('math/topk', 'row < dims.rows', 'row <= dims.rows'),
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
