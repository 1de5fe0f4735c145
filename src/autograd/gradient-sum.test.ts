import { expect, test } from 'vitest';
import type { HostDispatch } from '../gpu/fixtures/host-commands.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import { GradientSum } from './gradient-sum.ts';

/** The words that nn/accumulate_grad gives. */
function run({ label, bindings }: HostDispatch): void {
  if (label !== 'nn/accumulate_grad') return;
  const [a, b, y] = bindings.map(
    ({ bytes, offset, size }) => new Float32Array(bytes.buffer, offset, size / 4),
  ) as [Float32Array, Float32Array, Float32Array];
  for (const i of y.keys()) y[i] = (a[i] as number) + (b[i] as number);
}

test('gradients of passes are added by tensor, in memory of the sum', async () => {
  const { gpu } = await hostGpu({ run });
  const tensor = (...values: readonly number[]) =>
    Tensor.from(gpu, hostTensorFrom('f32', [values.length], values));
  using w = tensor(0, 0);
  using b = tensor(0);
  const before = gpu.memory.ledger.liveBytes;
  const sum = new GradientSum(gpu);
  const add = (ofW: Tensor, ofB?: Tensor) => {
    sum.add(new Map([[w, ofW], ...(ofB ? ([[b, ofB]] as const) : [])]));
    ofW[Symbol.dispose]();
    ofB?.[Symbol.dispose]();
  };
  const read = async () =>
    Promise.all([...sum.gradients.values()].map(async (each) => [...(await each.read()).data]));
  add(tensor(1, 2), tensor(3));
  expect(await read()).toEqual([[1, 2], [3]]);
  add(tensor(10, 20));
  add(tensor(100, 200), tensor(300));
  expect(await read()).toEqual([[111, 222], [303]]);
  expect([...sum.gradients.keys()].map((each) => [w, b].indexOf(each))).toEqual([0, 1]);
  // One sum for each tensor, and nothing that was added.
  expect(gpu.memory.ledger.liveBytes).toBe(before + 12);
  sum[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(before);
});
