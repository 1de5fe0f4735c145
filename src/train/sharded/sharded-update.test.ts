import { expect, onTestFinished, test } from 'vitest';
import { FlatParameters } from '../../autograd/flat-parameters.ts';
import { Segments } from '../../autograd/segments.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Optimizer, type OptimizerOptions } from '../optimizer.ts';
import type { OptimizerParams } from '../update-rule.ts';
import { groupPlaces, ProcessGroup } from './process-group.ts';
import { partOf } from './rank.ts';
import { ShardHome } from './shard-home.ts';
import { ShardedUpdate } from './sharded-update.ts';
import type { ShardingStrategy } from './strategies.ts';

/** Gradients and parameters of ranks in one thread, each with a device in host memory. */

const SIZES = { a: 3, b: 65, c: 130, d: 1 };
/** With their gaps 64, 128, 192 and 64 floats. */
const LENGTH = 448;

const drawn = (stream: number) => {
  const random = new Random(5, stream);
  return (length: number) =>
    hostTensor(
      'f32',
      [length],
      Float32Array.from({ length }, () => random.normal(3)),
    );
};

/** Ranks with the same parameters, in segments of 256 floats at most, and gradients of their own. */
async function ranksOf(size: number, strategy: ShardingStrategy) {
  const groups = groupPlaces(size, { limitMs: 5_000 }).map((place) => new ProcessGroup(place));
  onTestFinished(() => {
    for (const group of groups) group[Symbol.dispose]();
  });
  return await Promise.all(
    groups.map(async (group) => {
      const { gpu } = await hostGpu();
      const value = drawn(0);
      const initial = new Map(Object.entries(SIZES).map(([name, n]) => [name, value(n)]));
      const home = strategy === 'full_shard' ? new ShardHome(group) : undefined;
      if (home) onTestFinished(() => home[Symbol.dispose]());
      const parameters = new FlatParameters(gpu, initial, { segmentBytes: 1024, home });
      await home?.settle();
      const update = new ShardedUpdate(parameters, { group, strategy });
      const lengths = update.own.map((piece) => piece.size);
      const total = lengths.reduce((sum, n) => sum + n, 0);
      const grad = new Segments(gpu, lengths, new Float32Array(total));
      const given = drawn(1 + group.rank);
      const gradients = parameters.views.map((view) => ({ view, values: given(view.size) }));
      const take = () => {
        const { take: one, end } = update.gathering();
        for (const { view, values } of gradients) {
          using gradient = Tensor.from(gpu, values);
          one(view, gradient);
        }
        end();
      };
      return { gpu, group, parameters, update, grad, gradients, take };
    }),
  );
}

type Ranks = Awaited<ReturnType<typeof ranksOf>>;

/** The sum of the ranks' gradients in their order, each addition rounded, in the flat layout. */
function summed(ranks: Ranks): Float32Array {
  const sum = new Float32Array(LENGTH);
  for (const { gradients, parameters } of ranks)
    [...parameters.layout.entries.values()].forEach(({ offset }, i) => {
      gradients[i]?.values.data.forEach((x, at) => {
        sum[offset + at] = (sum[offset + at] as number) + x;
      });
    });
  return sum;
}

const exchanged = async (ranks: Ranks, max_norm?: number) =>
  await Promise.all(
    ranks.map(async ({ take, update, grad }) => {
      take();
      await update.exchange(grad);
      const clips = max_norm !== undefined && update.isInParts;
      const norm = clips ? await update.clip(grad, max_norm) : undefined;
      return { norm, values: (await grad.read()).data };
    }),
  );

test.each([1, 2, 3])('with ddp each of %i ranks has the whole sum', async (size) => {
  const ranks = await ranksOf(size, 'ddp');
  for (const { norm, values } of await exchanged(ranks, 0.5)) {
    expect(values).toEqual(summed(ranks));
    expect(norm).toBeUndefined(); // a stage of the update clips it
  }
});

const IN_PARTS: readonly ShardingStrategy[] = ['shard_grad_op', 'full_shard'];

test.each(
  IN_PARTS.flatMap((strategy) => [
    [strategy, 1, [448]] as const,
    [strategy, 2, [192, 256]] as const,
    [strategy, 3, [128, 128, 192]] as const,
    [strategy, 4, [64, 128, 128, 128]] as const,
  ]),
)('with %s each of %i ranks has its part of the sum', async (strategy, size, lengths) => {
  const ranks = await ranksOf(size, strategy);
  expect(ranks.map(({ grad }) => grad.shape[0])).toEqual(lengths);
  const sum = summed(ranks);
  const left = await exchanged(ranks);
  left.forEach(({ values }, rank) => {
    const { start, end } = partOf(LENGTH, { rank, size }, 64);
    expect(values).toEqual(sum.slice(start, end));
  });
});

test('a part that lies in two segments is stepped in two pieces', async () => {
  const ranks = await ranksOf(3, 'shard_grad_op');
  expect(ranks[0]?.parameters.layout.segments).toEqual([192, 256]);
  const pieces = ranks.map(({ update }) => update.own.map(({ size }) => size));
  expect(pieces).toEqual([[128], [64, 64], [192]]);
});

test('parts are clipped by the norm of all of them', async () => {
  const ranks = await ranksOf(3, 'shard_grad_op');
  const sum = summed(ranks);
  const norm = Math.sqrt(sum.reduce((total, x) => total + x * x, 0));
  const left = await exchanged(ranks, 2);
  const scale = Math.fround(2 / (norm + 1e-6));
  left.forEach((part, rank) => {
    const { start, end } = partOf(LENGTH, { rank, size: 3 }, 64);
    expect(part.norm).toBeCloseTo(norm, 10);
    expect(part.values).toEqual(sum.slice(start, end).map((x) => x * scale));
  });
  for (const { values } of await exchanged(ranks, 10 * norm))
    expect(sum.join()).toContain(values.join());
});

test('gradients of two micro-batches are added as they come', async () => {
  const [one] = (await ranksOf(1, 'ddp')) as [Ranks[number]];
  const { update, gradients, gpu, grad } = one;
  const { take, end } = update.gathering();
  for (let part = 0; part < 2; part++)
    for (const { view, values } of gradients) {
      using gradient = Tensor.from(gpu, values);
      take(view, gradient);
    }
  end();
  await update.exchange(grad);
  expect((await grad.read()).data).toEqual(summed([one]).map((x) => 2 * x));
});

test('a gradient that did not come is named', async () => {
  const [{ gpu, gradients, update }] = (await ranksOf(1, 'ddp')) as [Ranks[number]];
  const { take, end } = update.gathering();
  for (const { view, values } of gradients.slice(1)) {
    using gradient = Tensor.from(gpu, values);
    take(view, gradient);
  }
  expect(end).toThrow('there is no gradient of a: run backward before the step');
});

test.each(IN_PARTS.flatMap((strategy) => [2, 3, 4].map((size) => [strategy, size] as const)))(
  'with %s %i ranks gather what each of them stepped',
  async (strategy, size) => {
    const ranks = await ranksOf(size, strategy);
    const before = (await ranks[0]?.parameters.segments.read())?.data as Float32Array;
    for (const { gpu, update, group } of ranks)
      for (const piece of update.own) {
        const data = (await piece.read()).data as Float32Array;
        using stepped = Tensor.from(
          gpu,
          hostTensor(
            'f32',
            piece.shape,
            data.map((x) => x + group.rank + 1),
          ),
        );
        piece.copyFrom(stepped);
      }
    await Promise.all(ranks.map(({ update }) => update.gatherParameters()));
    const ends = ranks.map(({ group }) => partOf(LENGTH, group, 64).end);
    const expected = before.map((x, i) => x + ends.findIndex((end) => i < end) + 1);
    for (const { parameters } of ranks)
      expect((await parameters.segments.read()).data).toEqual(expected);
  },
);

const ADAMW: OptimizerParams = { optimizer: 'adamw', lr: 0.1 };

/** An optimizer of a rank, and its bytes beside the parameters. */
async function optimizerOf(
  size: number,
  strategy: ShardingStrategy,
  params = ADAMW,
  more: OptimizerOptions = {},
) {
  const [first] = await ranksOf(size, strategy);
  const { gpu, parameters, group } = first as Ranks[number];
  const before = gpu.memory.ledger.liveBytes;
  using _ = new Optimizer(gpu, parameters, params, { sharding: { group, strategy }, ...more });
  return gpu.memory.ledger.liveBytes - before;
}

test('gradients and state are whole with ddp, and in parts with shard_grad_op', async () => {
  expect(await optimizerOf(2, 'ddp')).toBe(3 * 448 * 4);
  expect(await optimizerOf(2, 'shard_grad_op')).toBe(3 * 192 * 4);
  expect(await optimizerOf(2, 'full_shard')).toBe(3 * 192 * 4);
});

test('full_shard refuses parameters that lie on the device', async () => {
  const [{ parameters, group }] = (await ranksOf(2, 'ddp')) as [Ranks[number]];
  expect(() => new ShardedUpdate(parameters, { group, strategy: 'full_shard' })).toThrow(
    'whose home is a ShardHome',
  );
});

test.each<[string, number, ShardingStrategy, OptimizerParams, OptimizerOptions, string, RegExp]>([
  ['a loss scale', 2, 'shard_grad_op', ADAMW, { grad_scaler: {} }, 'not-implemented', /take ddp/],
  [
    'moments in 8 bits in parts',
    2,
    'shard_grad_op',
    { optimizer: 'adamw8bit', lr: 0.1 },
    {},
    'not-implemented',
    /take ddp/,
  ],
])('%s is refused', async (_, size, strategy, params, options, code, message) => {
  await expect(optimizerOf(size, strategy, params, options)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

test('more ranks than parts are refused', async () => {
  await expect(ranksOf(8, 'shard_grad_op')).rejects.toMatchObject({
    code: 'too-many-ranks',
    message: '448 numbers in groups of 64 are too few for 8 ranks: take fewer',
  });
});
