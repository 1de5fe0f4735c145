import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { flatLayout } from '../../autograd/flat-parameters.ts';
import { covers } from '../../catalog/covers.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { type HostTensor, valuesOf } from '../../tensor/host.ts';
import {
  type GroupOptions,
  groupPlaces,
  type Transport,
} from '../../train/sharded/process-group.ts';
import type { ShardingStrategy } from '../../train/sharded/strategies.ts';
import { buildFixture } from './fixtures/build.ts';
import type { RankAnswer, RankJob, RankResult } from './fixtures/rank-thread.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';
import { type TinyRun, type TinyRunResult, tinyRun } from './fixtures/tiny-run.ts';

/** A model that threads train together, each with a device of its own, beside one device. */

let gpu: Gpu;
let script: string;

/** Ranks share the cores, and three of them take as long as three runs. */
vi.setConfig({ testTimeout: 600_000 });

beforeAll(async () => {
  script = await buildFixture('node', 'rank-thread', 'rank-thread');
  gpu = await softwareGpu();
});
afterAll(() => gpu?.[Symbol.dispose]());

/** How long ranks wait for one that says nothing. Milliseconds. */
const LIMIT_MS = 20_000;

/** What the ranks of a new group answer; `onStuck` is called for one that gets stuck. */
async function answersOf(
  size: number,
  { transport, ...job }: Omit<RankJob, 'place'> & Pick<GroupOptions, 'transport'>,
  onStuck: (worker: Worker) => void = () => {},
): Promise<readonly (Exclude<RankAnswer, 'stuck'> | undefined)[]> {
  const options = { limitMs: LIMIT_MS, ...(transport ? { transport } : {}) };
  return await Promise.all(
    groupPlaces(size, options).map((place) => {
      const workerData: RankJob = { place, ...job };
      const worker = new Worker(script, { workerData, transferList: [...place.ports] as never });
      return new Promise<Exclude<RankAnswer, 'stuck'> | undefined>((resolve, reject) => {
        worker.on('message', (answer: RankAnswer) => {
          if (answer === 'stuck') onStuck(worker);
          else resolve(answer);
        });
        worker.on('error', reject);
        worker.on('exit', () => resolve(undefined));
      });
    }),
  );
}

/** The ranks of a group, the first one apart. */
type Trained = readonly [RankResult, ...RankResult[]];

/** Several tests look at the same run. */
const made = new Map<string, Promise<unknown>>();
const once = <T>(key: object, make: () => Promise<T>): Promise<T> => {
  const name = JSON.stringify(key);
  const known = (made.get(name) as Promise<T> | undefined) ?? make();
  made.set(name, known);
  return known;
};

const trained = (
  size: number,
  strategy: ShardingStrategy,
  run: TinyRun,
  transport: Transport = 'shared-memory',
): Promise<Trained> =>
  once({ size, strategy, run, transport }, async () => {
    const answers = await answersOf(size, { strategy, run, transport });
    return answers.map((answer) => {
      if (answer && 'losses' in answer) return answer;
      throw new Error(`a rank failed: ${JSON.stringify(answer)}`);
    }) as unknown as Trained;
  });

/** The same on one device. */
const onOne = (run: TinyRun): Promise<TinyRunResult> => once(run, () => tinyRun(gpu, run));

const bitsOf = ({ parameters }: TinyRunResult) =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ]),
  );

/** The largest distance of a tensor from another, as a share of the largest element of that. */
function apart(some: TinyRunResult, others: TinyRunResult): number {
  const shares = Object.entries(others.parameters).map(([name, tensor]) => {
    const b = valuesOf(tensor);
    const a = valuesOf(some.parameters[name] as HostTensor);
    const most = b.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    return b.reduce((max, x, i) => Math.max(max, Math.abs(x - (a[i] as number))), 0) / most;
  });
  return Math.max(...shares);
}

/** The largest relative distance of the losses. */
const lossesApart = (some: TinyRunResult, others: TinyRunResult): number =>
  Math.max(...others.losses.map((loss, i) => Math.abs((some.losses[i] as number) / loss - 1)));

/** As long as the catalog asks for, with four micro-batches a step and gradients that are clipped. */
const LONG = { steps: 50, accumulation: 4, max_grad_norm: 0.5 };
const SHORT = { steps: 10, accumulation: 4, max_grad_norm: 0.5 };
const TWENTY = { ...SHORT, steps: 20 };
/** Of so many blocks two are a small part. */
const DEEP = { steps: 2, accumulation: 4, layers: 8 };

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
    const alone = await onOne(LONG);
    expect(alone.losses).toHaveLength(50);
    expect(alone.losses.at(-1)).toBeLessThan(0.8 * (alone.losses[0] as number));
    for (const size of [2, 4]) {
      const [first] = await trained(size, 'ddp', LONG);
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
      const [first, ...others] = await trained(size, 'ddp', LONG);
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
      const ranks = await trained(size, 'ddp', LONG);
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
    const [first, second] = await trained(2, 'ddp', { ...SHORT, exchangesNothing: true });
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
    const alone = await onOne(run);
    for (const strategy of ['ddp', 'shard_grad_op'] as const) {
      const ranks = await trained(3, strategy, run);
      expect(ranks.map(({ exchanges }) => exchanges)).toEqual([6, 6, 6]);
      expect(apart(ranks[0], alone)).toBeLessThan(1e-3);
      expect(lossesApart(ranks[0], alone)).toBeLessThan(1e-4);
    }
  },
);

test('ranks of one micro-batch each have the very bits of one device', async () => {
  const clipped = { steps: 5, accumulation: 3, max_grad_norm: 0.5 };
  const [ddp] = await trained(3, 'ddp', clipped);
  const alone = await onOne(clipped);
  expect(ddp.losses).toEqual(alone.losses);
  expect(bitsOf(ddp)).toEqual(bitsOf(alone));
  const unclipped = { steps: 5, accumulation: 3 };
  const inParts = await trained(3, 'shard_grad_op', unclipped, 'messages');
  const whole = await onOne(unclipped);
  for (const rank of inParts) expect(bitsOf(rank)).toEqual(bitsOf(whole));
});

test('ranks for which a step has no micro-batch take part in it', async () => {
  const run = { steps: 4, accumulation: 2 };
  const alone = await onOne(run);
  const ranks = await trained(3, 'ddp', run);
  expect(lossesApart(ranks[0], alone)).toBeLessThan(1e-4);
  for (const rank of ranks) expect(bitsOf(rank)).toEqual(bitsOf(ranks[0]));
});

test(
  'gradients and optimizer state of shard_grad_op are in equal parts',
  covers('fsdp.training.sharding-strategies/grad-op-bytes').control('parts end at coarse borders', {
    file: 'src/train/sharded/rank.ts',
    from: 'const UNIT = 64;',
    to: 'const UNIT = 1024;',
  }),
  async () => {
    const alone = await onOne(SHORT);
    for (const size of [2, 4]) {
      const ranks = await trained(size, 'shard_grad_op', SHORT);
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
    const alone = await onOne(SHORT);
    for (const size of [2, 4]) {
      const shared = await trained(size, 'shard_grad_op', SHORT, 'shared-memory');
      const posted = await trained(size, 'shard_grad_op', SHORT, 'messages');
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
    const alone = await onOne(DEEP);
    const [largest = 0, next = 0] = layerBytes(alone);
    for (const size of [2, 4])
      for (const { modelBytes } of await trained(size, 'full_shard', DEEP)) {
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
    const alone = await onOne(TWENTY);
    expect(alone.losses).toHaveLength(20);
    for (const strategy of ['shard_grad_op', 'full_shard'] as const)
      for (const size of [2, 4]) {
        const [first] = await trained(size, strategy, TWENTY);
        expect(lossesApart(first, alone), `${size} ranks, ${strategy}`).toBeLessThan(1e-4);
        expect(apart(first, alone), `${size} ranks, ${strategy}`).toBeLessThan(1e-3);
      }
  },
);

test('ranks of full_shard have the bits of those of shard_grad_op', async () => {
  const run = { steps: 3, accumulation: 3, layers: 2, max_grad_norm: 0.5 };
  for (const size of [2, 3]) {
    const whole = await trained(size, 'shard_grad_op', run);
    for (const rank of await trained(size, 'full_shard', run)) {
      expect(rank.losses).toEqual(whole[0].losses);
      expect(bitsOf(rank)).toEqual(bitsOf(whole[0]));
    }
  }
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
    const [first, second, third] = await answersOf(
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
