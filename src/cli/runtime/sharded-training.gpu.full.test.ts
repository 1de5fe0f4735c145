import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { apart, bitsOf, lossesApart, TinyGroups } from './fixtures/tiny-groups.ts';
import type { TinyRunResult } from './fixtures/tiny-run.ts';

/** Ranks that train one model, and have a part each of gradients, state, or all. */

let groups: TinyGroups;

/** Ranks share the cores, and three of them take as long as three runs. */
vi.setConfig({ testTimeout: 600_000 });

beforeAll(async () => {
  groups = await TinyGroups.build();
});
afterAll(() => groups?.[Symbol.dispose]());

const SHORT = { steps: 10, accumulation: 4, max_grad_norm: 0.5 };
const TWENTY = { ...SHORT, steps: 20 };
/** Of so many blocks two are a small part. */
const DEEP = { steps: 2, accumulation: 4, layers: 8 };
test(
  'gradients and optimizer state of shard_grad_op are in equal parts',
  covers('fsdp.training.sharding-strategies/grad-op-bytes').control('parts end at coarse borders', {
    file: 'src/train/sharded/rank.ts',
    from: 'const UNIT = 64;',
    to: 'const UNIT = 1024;',
  }),
  async () => {
    const alone = await groups.onOne(SHORT);
    for (const size of [2, 4]) {
      const ranks = await groups.trained(size, 'shard_grad_op', SHORT);
      for (const { optimizerBytes, stepBytes } of ranks) {
        const share = (optimizerBytes * size) / alone.optimizerBytes;
        expect(Math.abs(share - 1), `${size} ranks`).toBeLessThan(0.02);
        // No step has more of them for a while.
        expect(stepBytes).toBeLessThanOrEqual(alone.stepBytes);
      }
    }
  },
);

test(
  'ranks of shard_grad_op train as one device does, through both transports',
  covers('fsdp.training.sharding-strategies/shard-collectives').control(
    'the part of one rank is not gathered',
    {
      file: 'src/train/sharded/process-group.ts',
      from: 'values.set(part, bounds(rank).start);',
      to: 'if (rank > 0) values.set(part, bounds(rank).start);',
    },
  ),
  async () => {
    const alone = await groups.onOne(SHORT);
    for (const size of [2, 4]) {
      const shared = await groups.trained(size, 'shard_grad_op', SHORT, 'shared-memory');
      const posted = await groups.trained(size, 'shard_grad_op', SHORT, 'messages');
      expect(lossesApart(shared[0], alone)).toBeLessThan(1e-4);
      expect(apart(shared[0], alone)).toBeLessThan(1e-3);
      for (const rank of [...shared, ...posted]) {
        expect(rank.losses).toEqual(shared[0].losses);
        expect(bitsOf(rank)).toEqual(bitsOf(shared[0]));
      }
    }
  },
);

/** Bytes of each layer that is gathered as one, with the gaps between its tensors. */
function layerBytes({ parameters }: TinyRunResult): readonly number[] {
  const layers = new Map<string, number>();
  for (const [name, { data }] of Object.entries(parameters)) {
    const layer = /^model\.layers\.\d+/.exec(name)?.[0] ?? name;
    layers.set(layer, (layers.get(layer) ?? 0) + Math.ceil(data.byteLength / 256) * 256);
  }
  return [...layers.values()].sort((a, b) => b - a);
}

test(
  'ranks of full_shard have equal parts of all, and no more than two layers beside',
  covers('fsdp.training.sharding-strategies/full-shard-bytes').control(
    'a layer that was gathered stays',
    {
      file: 'src/gpu/held-memory.ts',
      from: '(holders: number): boolean => holders === 0',
      to: '(holders: number): boolean => holders < 0',
    },
  ),
  async () => {
    const alone = await groups.onOne(DEEP);
    const [largest = 0, next = 0] = layerBytes(alone);
    for (const size of [2, 4])
      for (const { modelBytes } of await groups.trained(size, 'full_shard', DEEP)) {
        const part = alone.modelBytes.lasting / size;
        expect(Math.abs(modelBytes.lasting / part - 1), `${size} ranks`).toBeLessThan(0.02);
        expect(modelBytes.peak, `${size} ranks`).toBeLessThanOrEqual(
          1.02 * (part + largest + next),
        );
        // One is gathered at a time.
        expect(Math.abs(modelBytes.peak / (part + largest) - 1)).toBeLessThan(0.02);
      }
  },
);

test(
  'ranks in parts have the losses of one device over twenty steps',
  covers('fsdp.training.sharding-strategies/losses-match-single-device').control(
    'what is gathered for a layer is the part of this rank alone',
    {
      file: 'src/train/sharded/sharded-vector.ts',
      from: 'if (!isOwn) gpu.write(',
      to: 'if (isOwn) gpu.write(',
    },
  ),
  async () => {
    const alone = await groups.onOne(TWENTY);
    expect(alone.losses).toHaveLength(20);
    for (const strategy of ['shard_grad_op', 'full_shard'] as const)
      for (const size of [2, 4]) {
        const [first] = await groups.trained(size, strategy, TWENTY);
        expect(lossesApart(first, alone), `${size} ranks, ${strategy}`).toBeLessThan(1e-4);
        expect(apart(first, alone), `${size} ranks, ${strategy}`).toBeLessThan(1e-3);
      }
  },
);

test('ranks of full_shard have the bits of those of shard_grad_op', async () => {
  const run = { steps: 3, accumulation: 3, layers: 2, max_grad_norm: 0.5 };
  for (const size of [2, 3]) {
    const whole = await groups.trained(size, 'shard_grad_op', run);
    for (const rank of await groups.trained(size, 'full_shard', run)) {
      expect(rank.losses).toEqual(whole[0].losses);
      expect(bitsOf(rank)).toEqual(bitsOf(whole[0]));
    }
  }
});
