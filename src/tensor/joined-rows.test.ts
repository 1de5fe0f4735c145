import { expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { DType } from './dtype.ts';
import { filledTensor } from './host.ts';
import { cutRows, JoinedRows } from './joined-rows.ts';
import { Tensor } from './tensor.ts';

test.each<[DType, readonly number[], readonly (readonly number[])[]]>([
  [
    'f32',
    [5, 3],
    [
      [2, 3],
      [2, 3],
      [1, 3],
    ],
  ],
  [
    'u8',
    [5, 4],
    [
      [4, 4],
      [1, 4],
    ],
  ],
  ['f32', [3], [[1], [2]]],
  ['f32', [2, 2], [[2, 2]]],
  ['i32', [], [[]]],
])('%s %j in parts is written and read as one', async (dtype, shape, parts) => {
  const { gpu } = await hostGpu();
  const host = filledTensor(dtype, shape, (i) => i + 1);
  const tensors = parts.map((part) => Tensor.zeros(gpu, part, dtype));
  const joined = new JoinedRows(tensors);
  expect(joined.shape).toEqual(shape);
  joined.write(host);
  expect(await joined.read()).toEqual(host);
  const cut = cutRows(host, parts);
  for (const [i, tensor] of tensors.entries()) {
    expect(await tensor.read()).toEqual(cut[i]);
    tensor[Symbol.dispose]();
  }
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});
