import { expect, test } from 'vitest';
import type { HostDispatch } from '../../gpu/fixtures/host-commands.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { nonFiniteInputs, violationsOf } from './finite-inputs.ts';

/** Counts what is not finite among the elements, and finds the first, as the kernel does. */
function run({ label, bindings: [x, found, range] }: HostDispatch): void {
  if (label !== 'bits/range_violations' || !x || !found || !range) return;
  const [count = 0] = new Uint32Array(range.bytes.buffer, range.offset, 1);
  const values = [...new Float32Array(x.bytes.buffer, x.offset, count)];
  const places = values.flatMap((value, i) => (Number.isFinite(value) ? [] : [i]));
  new Uint32Array(found.bytes.buffer, found.offset, 2).set([
    places.length,
    places[0] ?? 0xffffffff,
  ]);
}

async function setUp() {
  const { gpu } = await hostGpu({ run });
  const tensor = (shape: readonly number[], values: readonly number[]) =>
    Tensor.from(gpu, hostTensorFrom('f32', shape, values));
  return {
    fine: tensor([2], [1, 2]),
    wrong: tensor([2, 3], [1, 2, 3, 4, Number.NaN, Number.POSITIVE_INFINITY]),
    live: () => gpu.memory.ledger.liveBytes,
  };
}

test('elements that are not finite are counted, and the first is found', async () => {
  const { fine, wrong, live } = await setUp();
  const held = live();
  expect(await violationsOf(wrong)).toEqual({ count: 2, first: [1, 1] });
  expect(await violationsOf(fine)).toEqual({ count: 0, first: undefined });
  expect(live()).toBe(held);
});

test('inputs with such elements are told by name, or refused', async () => {
  const { fine, wrong } = await setUp();
  expect(await nonFiniteInputs({ fine, wrong })).toEqual(
    new Map([['wrong', { count: 2, first: [1, 1] }]]),
  );
  expect(await nonFiniteInputs({ fine }, { strict: true })).toEqual(new Map());
  await expect(nonFiniteInputs({ fine, wrong }, { strict: true })).rejects.toMatchObject({
    code: 'nonfinite-input',
    message: 'wrong[1, 1] is not finite, nor are 1 others: look at what made it',
  });
});
