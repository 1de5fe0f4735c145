import { expect, onTestFinished, test } from 'vitest';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { holding, type Tensor } from '../../tensor/tensor.ts';
import { type GroupOptions, groupPlaces, ProcessGroup } from './process-group.ts';
import { ShardHome } from './shard-home.ts';
import type { ShardedWindow } from './sharded-vector.ts';

/** Ranks in one thread, each with a device in host memory. */
async function homesOf(size: number, options: GroupOptions = {}) {
  const groups = groupPlaces(size, { limitMs: 5_000, ...options }).map(
    (place) => new ProcessGroup(place),
  );
  onTestFinished(() => {
    for (const group of groups) group[Symbol.dispose]();
  });
  return await Promise.all(
    groups.map(async (group) => {
      const { gpu } = await hostGpu();
      const home = new ShardHome(group);
      onTestFinished(() => home[Symbol.dispose]());
      return { gpu, group, home, live: () => gpu.memory.ledger.liveBytes };
    }),
  );
}

type Homes = Awaited<ReturnType<typeof homesOf>>;

/** What all ranks place alike. */
async function placed(homes: Homes, host: HostTensor): Promise<readonly Tensor[]> {
  const tensors = homes.map(({ gpu, home }) => home.place(gpu, host));
  await Promise.all(homes.map(({ home }) => home.settle()));
  return tensors;
}

const counting = (length: number) => Float32Array.from({ length }, (_, i) => i + 1);

/** What the device has of a tensor that is held. */
const onDevice = async (tensor: Tensor) => {
  using copy = tensor.clone();
  return (await copy.read()).data;
};

test.each([1, 2, 3, 4])(
  'each of %i ranks has its part, and all of it while it is held',
  async (size) => {
    const homes = await homesOf(size);
    const host = hostTensor('f32', [2, 5], counting(10));
    const tensors = await placed(homes, host);
    const parts = homes.map(({ live }) => live());
    expect(parts.reduce((sum, bytes) => sum + bytes, 0)).toBe(40);
    expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(4);
    for (const [rank, tensor] of tensors.entries()) {
      const { live } = homes[rank] as Homes[number];
      {
        using _held = holding([tensor]);
        expect(live()).toBe((parts[rank] as number) + 40);
        expect(await onDevice(tensor)).toEqual(host.data);
      }
      expect(live()).toBe(parts[rank]);
      expect(await tensor.read()).toEqual(host);
    }
  },
);

test.each<HostTensor>([
  hostTensor('u8', [7], Uint8Array.of(1, 2, 3, 4, 5, 6, 255)),
  hostTensor('f16', [3], Uint16Array.of(0x7e01, 0xfc00, 1)),
  hostTensor('i32', [1], Int32Array.of(-5)),
  // A signalling NaN, whose bits arithmetic would change.
  hostTensor('u32', [3], Uint32Array.of(0x7fa00001, 0, 0xffffffff)),
])('codes of %o come back bit by bit', async (host) => {
  const tensors = await placed(await homesOf(3), host);
  for (const tensor of tensors) {
    expect(await tensor.read()).toEqual(host);
    using _held = holding([tensor]);
    expect(await onDevice(tensor)).toEqual(host.data);
  }
});

test('a view has its part of what is gathered', async () => {
  const [tensor] = (await placed(await homesOf(2), hostTensor('f32', [130], counting(130)))) as [
    Tensor,
  ];
  const view = tensor.view([2], { offset: 4 * 64 });
  expect(Array.from((await view.read()).data)).toEqual([65, 66]);
  using _held = holding([view]);
  expect(Array.from(await onDevice(view))).toEqual([65, 66]);
});

test('what ranks write is there for all once they waited for each other', async () => {
  const homes = await homesOf(3);
  const tensors = await placed(homes, hostTensor('f32', [200], counting(200)));
  const next = hostTensor(
    'f32',
    [200],
    counting(200).map((x) => -x),
  );
  for (const tensor of tensors) tensor.write(next);
  await Promise.all(homes.map(({ home }) => home.settle()));
  for (const tensor of tensors) {
    using _held = holding([tensor]);
    expect(await onDevice(tensor)).toEqual(next.data);
  }
});

test('what is stepped is told to those who hold it', async () => {
  const homes = await homesOf(2);
  const lengths = [64, 192];
  const placedFlat = homes.map(({ gpu, home }) => home.placeFlat(gpu, counting(256), lengths));
  await Promise.all(homes.map(({ home }) => home.settle()));
  const vectors = placedFlat.map(([first]) => ((first as Tensor).held as ShardedWindow).vector);
  expect(vectors.map(({ part }) => part)).toEqual([
    { start: 0, end: 128 },
    { start: 128, end: 256 },
  ]);
  const [, second] = placedFlat[0] as [Tensor, Tensor];
  using _held = holding([second]);
  const before = second.version;
  for (const { own } of vectors)
    for (const piece of own)
      piece.write(
        hostTensor(
          'f32',
          piece.shape,
          ((await piece.read()).data as Float32Array).map((x) => 2 * x),
        ),
      );
  await Promise.all(vectors.map((vector, i) => vector.publish((homes[i] as Homes[number]).group)));
  const doubled = counting(256)
    .map((x) => 2 * x)
    .slice(64);
  expect(await onDevice(second)).toEqual(doubled);
  expect((await second.read()).data).toEqual(doubled);
  expect(second.version).toBeGreaterThan(before);
});

test('gathering before ranks shared is a mistake that says so', async () => {
  const [{ gpu, home }] = (await homesOf(2)) as [Homes[number]];
  const tensor = home.place(gpu, hostTensor('f32', [4], counting(4)));
  expect(() => tensor.held?.hold()).toThrow('gathered before they shared it');
});

test('ranks that share no memory are told what to take', async () => {
  await expect(homesOf(2, { transport: 'messages' })).rejects.toMatchObject({
    code: 'not-implemented',
    message: expect.stringMatching(/take shard_grad_op$/),
  });
});
