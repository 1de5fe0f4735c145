import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { flatLayout } from '../../autograd/flat-parameters.ts';
import { covers } from '../../catalog/covers.ts';
import { apart, bitsOf, lossesApart, TinyGroups } from './fixtures/tiny-groups.ts';
import type { TinyRunResult } from './fixtures/tiny-run.ts';

/** Ranks that train one model, and have all of its parameters each. */

let groups: TinyGroups;

/** Ranks share the cores, and three of them take as long as three runs. */
vi.setConfig({ testTimeout: 600_000 });

beforeAll(async () => {
  groups = await TinyGroups.build();
});
afterAll(() => groups?.[Symbol.dispose]());

/** As long as the catalog asks for, with four micro-batches a step and gradients that are clipped. */
const LONG = { steps: 50, accumulation: 4, max_grad_norm: 0.5 };
const SHORT = { steps: 10, accumulation: 4, max_grad_norm: 0.5 };
test(
  'ranks of ddp train as one device does',
  covers(
    'tb.hardware.distributed-data-parallel/losses-within-1e-4',
    'tb.hardware.distributed-data-parallel/weights-within-1e-3',
    'fsdp.training.future-multi-gpu/losses-within-1e-4',
    'fsdp.training.future-multi-gpu/weights-within-1e-3',
  ).control('the gradients of one rank are left out', {
    file: 'src/train/sharded/process-group.ts',
    from: 'for (const other of others)',
    to: 'for (const other of others.slice(1))',
  }),
  async () => {
    const alone = await groups.onOne(LONG);
    expect(alone.losses).toHaveLength(50);
    expect(alone.losses.at(-1)).toBeLessThan(0.8 * (alone.losses[0] as number));
    for (const size of [2, 4]) {
      const [first] = await groups.trained(size, 'ddp', LONG);
      expect(lossesApart(first, alone), `${size} ranks`).toBeLessThan(1e-4);
      expect(apart(first, alone), `${size} ranks`).toBeLessThan(1e-3);
    }
  },
);

test(
  'ranks of ddp have the same bits after 50 steps',
  covers(
    'tb.hardware.distributed-data-parallel/ranks-bit-equal',
    'fsdp.training.future-multi-gpu/ranks-bit-equal',
  ).control('each rank keeps its own gradients', {
    file: 'src/train/sharded/sharded-update.ts',
    from: 'await this.group.allReduce(values);',
    to: 'await this.group.allReduce(values.slice());',
  }),
  async () => {
    for (const size of [2, 4]) {
      const [first, ...others] = await groups.trained(size, 'ddp', LONG);
      for (const other of others) expect(bitsOf(other)).toEqual(bitsOf(first));
    }
  },
);

test(
  'a rank of ddp gives as many bytes of gradients a step as one of a ring does',
  covers('fsdp.training.future-multi-gpu/ring-all-reduce').control(
    'each rank is given the whole sum of all',
    {
      file: 'src/train/sharded/process-group.ts',
      from: "await this.#gather('all_reduce', shard, values);",
      to: "await this.#gather('all_reduce', values.slice(), new Float32Array(values.length * this.size));",
    },
  ),
  async () => {
    for (const size of [2, 4]) {
      const ranks = await groups.trained(size, 'ddp', LONG);
      expect(ranks).toHaveLength(size);
      for (const { parameters, givenBytes, exchanges } of ranks) {
        expect(exchanges).toBe(LONG.steps);
        // Gradients lie one behind the other, each where a view may begin.
        const shapes = Object.entries(parameters).map(
          ([name, { shape }]) => [name, shape] as const,
        );
        const bytes = 4 * flatLayout(new Map(shapes), Number.POSITIVE_INFINITY).length;
        // Beside them some numbers, such as losses.
        const share = givenBytes / (LONG.steps * bytes) / ((2 * (size - 1)) / size);
        expect(share).toBeGreaterThan(0.9999);
        expect(share).toBeLessThan(1.001);
      }
    }
  },
);

test(
  'ranks of ddp that exchange nothing go apart',
  covers('tb.hardware.distributed-data-parallel/no-all-reduce-diverges').control(
    'every rank has all micro-batches',
    {
      file: 'src/train/sharded/rank-batches.ts',
      from: 'partOf(parts.length, this.#rank);',
      to: 'partOf(parts.length, { rank: 0, size: 1 });',
    },
  ),
  async () => {
    const [first, second] = await groups.trained(2, 'ddp', { ...SHORT, exchangesNothing: true });
    expect(apart(second as TinyRunResult, first)).toBeGreaterThan(1e-2);
  },
);

test(
  'micro-batches of a rank are summed before ranks exchange, once a step',
  covers('tb.hardware.distributed-data-parallel/no-sync-accumulation').control(
    'the last micro-batch of a rank takes the place of those before',
    {
      file: 'src/train/sharded/host-gradients.ts',
      from: 'values[start + i] = (values[start + i] as number) + (data[i] as number);',
      to: 'values[start + i] = data[i] as number;',
    },
  ),
  async () => {
    const run = { steps: 6, accumulation: 7 };
    const alone = await groups.onOne(run);
    for (const strategy of ['ddp', 'shard_grad_op'] as const) {
      const ranks = await groups.trained(3, strategy, run);
      expect(ranks.map(({ exchanges }) => exchanges)).toEqual([6, 6, 6]);
      expect(apart(ranks[0], alone)).toBeLessThan(1e-3);
      expect(lossesApart(ranks[0], alone)).toBeLessThan(1e-4);
    }
  },
);

test('ranks of one micro-batch each have the very bits of one device', async () => {
  const clipped = { steps: 5, accumulation: 3, max_grad_norm: 0.5 };
  const [ddp] = await groups.trained(3, 'ddp', clipped);
  const alone = await groups.onOne(clipped);
  expect(ddp.losses).toEqual(alone.losses);
  expect(bitsOf(ddp)).toEqual(bitsOf(alone));
  const unclipped = { steps: 5, accumulation: 3 };
  const inParts = await groups.trained(3, 'shard_grad_op', unclipped, 'messages');
  const whole = await groups.onOne(unclipped);
  for (const rank of inParts) expect(bitsOf(rank)).toEqual(bitsOf(whole));
});

test('ranks for which a step has no micro-batch take part in it', async () => {
  const run = { steps: 4, accumulation: 2 };
  const alone = await groups.onOne(run);
  const ranks = await groups.trained(3, 'ddp', run);
  expect(lossesApart(ranks[0], alone)).toBeLessThan(1e-4);
  for (const rank of ranks) expect(bitsOf(rank)).toEqual(bitsOf(ranks[0]));
});

test(
  'a rank that is killed in the middle of a run is named within seconds',
  covers('fsdp.training.future-multi-gpu/rank-lost').control('a port that closes is not seen', {
    file: 'src/train/sharded/peer.ts',
    from: "port.addEventListener('close', () => this.#end());",
    to: "port.addEventListener('closed', () => this.#end());",
  }),
  async () => {
    const job = { strategy: 'ddp', run: { steps: 9, accumulation: 3 } } as const;
    let killed = 0;
    const [first, second, third] = await groups.answersOf(
      3,
      { ...job, stuck: { rank: 1, step: 3 } },
      // A thread is not killed while its device works: that ends its whole process.
      (worker) => {
        killed = performance.now();
        void worker.terminate();
      },
    );
    expect(performance.now() - killed).toBeLessThan(5_000);
    expect(second).toBeUndefined();
    for (const answer of [first, third])
      expect(answer).toMatchObject({ code: 'rank-lost', rank: 1 });
  },
);
