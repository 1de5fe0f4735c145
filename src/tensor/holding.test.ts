import { expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { hostTensor } from './host.ts';
import { holding, Tensor } from './tensor.ts';

async function setUp() {
  const { gpu } = await hostGpu();
  const transfers = { toDevice: 0, toHost: 0 };
  const host = hostTensor('f32', [3], Float32Array.of(1, 2, 3));
  const tensor = Tensor.onHost(gpu, host, transfers);
  const live = () => gpu.memory.ledger.liveBytes;
  return { gpu, transfers, tensor, live };
}

const values = async (tensor: Tensor) => Array.from((await tensor.read()).data);

test('is on the device while anyone holds it, and counts each way once', async () => {
  const { transfers, tensor, live } = await setUp();
  expect(live()).toBe(0);
  {
    using _outer = holding([tensor]);
    {
      using _inner = holding([tensor.view([2])]);
      expect(live()).toBe(12);
    }
    expect(live()).toBe(12);
    expect(await values(tensor)).toEqual([1, 2, 3]);
    await tensor.paged?.keep();
  }
  expect(live()).toBe(0);
  expect(transfers).toEqual({ toDevice: 12, toHost: 12 });
});

test('what the device made of it stays where it was kept, and is gone where it was not', async () => {
  const { gpu, tensor } = await setUp();
  using other = Tensor.from(gpu, hostTensor('f32', [3], Float32Array.of(7, 8, 9)));
  {
    using _held = holding([tensor]);
    tensor.copyFrom(other);
  }
  expect(await values(tensor)).toEqual([1, 2, 3]);
  {
    using _held = holding([tensor]);
    tensor.copyFrom(other);
    await tensor.paged?.keep();
  }
  expect(await values(tensor)).toEqual([7, 8, 9]);
  expect(await values(tensor.view([2], { offset: 4 }))).toEqual([8, 9]);
});

test('what is written goes to the host, and to the device where it is', async () => {
  const { tensor, gpu } = await setUp();
  const write = (...data: number[]) =>
    tensor.write(hostTensor('f32', [3], Float32Array.from(data)));
  const before = tensor.version;
  write(4, 5, 6);
  expect(tensor.version).toBeGreaterThan(before);
  expect(await values(tensor)).toEqual([4, 5, 6]);
  using _held = holding([tensor]);
  write(0, 1, 2);
  expect(await values(tensor)).toEqual([0, 1, 2]);
  await gpu.finish();
});

test('is refused where it is used and not held', async () => {
  const { tensor } = await setUp();
  expect(() => tensor.clone()).toThrow(
    '12 bytes that are not on the device were used there: hold them',
  );
  tensor.gpu.recorder.discard();
});
