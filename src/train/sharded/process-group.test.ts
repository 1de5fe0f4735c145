import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'vite';
import { beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import type { Answer, Call } from './fixtures/rank-thread.ts';
import { type GroupOptions, groupPlaces, type Transport } from './process-group.ts';
import { partOf } from './rank.ts';

/** Ranks in threads of their own, through both transports. */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const OUT = join(ROOT, 'test-results/process-group');
const TRANSPORTS: readonly Transport[] = ['shared-memory', 'messages'];

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: fileURLToPath(new URL('./fixtures/rank-thread.ts', import.meta.url)),
      outDir: OUT,
      target: 'es2022',
    },
  });
});

/** What every rank of a new group answers to its calls; nothing where it ended without a word. */
async function answersOf(
  calls: readonly (readonly Call[])[],
  options: GroupOptions = {},
): Promise<readonly (Answer | undefined)[]> {
  return await Promise.all(
    groupPlaces(calls.length, options).map((place) => {
      const worker = new Worker(join(OUT, 'rank-thread.js'), {
        workerData: { place, calls: calls[place.rank] },
        transferList: [...place.ports] as never,
      });
      return new Promise<Answer | undefined>((resolve, reject) => {
        worker.on('message', (answer: Answer) => {
          resolve(answer);
          void worker.terminate();
        });
        worker.on('error', reject);
        worker.on('exit', () => resolve(undefined));
        if (calls[place.rank]?.some(({ op }) => op === 'hang'))
          setTimeout(() => void worker.terminate(), 2_000);
      });
    }),
  );
}

const valuesOf = (answer: Answer | undefined): readonly Float32Array[] => {
  if (answer && 'values' in answer) return answer.values;
  throw new Error(`a rank failed: ${JSON.stringify(answer)}`);
};

/** Vectors of numbers whose sums round, one for each rank. */
const drawn = (size: number, length: number) =>
  Array.from({ length: size }, (_, rank) => {
    const random = new Random(7, rank);
    return Float32Array.from({ length }, () => random.uniform(-1, 1) * 10 ** random.uniform(-3, 3));
  });

/** Their sums in the order of the ranks, each rounded once. */
const summed = (vectors: readonly Float32Array[]): Float32Array =>
  vectors.reduce((sum, vector) => sum.map((x, i) => Math.fround(x + (vector[i] as number))));

describe.each(TRANSPORTS)('through %s', (transport) => {
  test.each([
    [1, 5],
    [2, 1],
    [2, 1023],
    [3, 7],
    [3, 2],
    [4, 0],
    [4, 4099],
  ])('%i ranks sum, scatter and gather %i numbers', async (size, length) => {
    const vectors = drawn(size, length);
    const sum = summed(vectors);
    const answers = await answersOf(
      vectors.map((values, rank) => {
        const { start, end } = partOf(length, { rank, size });
        return [
          { op: 'reduce_scatter', values },
          { op: 'all_gather', values: sum.slice(start, end), length },
          { op: 'barrier' },
          { op: 'all_reduce', values },
        ];
      }),
      { transport },
    );
    answers.forEach((answer, rank) => {
      const { start, end } = partOf(length, { rank, size });
      const [shard, gathered, , reduced] = valuesOf(answer);
      expect(shard).toEqual(sum.slice(start, end));
      expect(gathered).toEqual(sum);
      expect(reduced).toEqual(sum);
    });
  });

  test('bits do not hang on who is late, and no vector is overwritten while it is read', async () => {
    const rounds = Array.from({ length: 6 }, (_, round) => drawn(3, 50_000 + round));
    const answers = await answersOf(
      [0, 1, 2].map((rank) =>
        rounds.flatMap((vectors, round): Call[] => [
          { op: 'sleep', ms: (round + rank) % 3 === 0 ? 20 : 0 },
          { op: 'all_reduce', values: vectors[rank] as Float32Array },
        ]),
      ),
      { transport },
    );
    for (const answer of answers) {
      const values = valuesOf(answer);
      rounds.forEach((vectors, round) => {
        expect(values[2 * round + 1]).toEqual(summed(vectors));
      });
    }
  });

  test('a rank that gives another length is named by all', async () => {
    const answers = await answersOf(
      [4, 4, 5].map((length) => [{ op: 'all_reduce', values: new Float32Array(length) }]),
      { transport },
    );
    for (const answer of answers)
      expect(answer).toMatchObject({
        code: 'rank-mismatch',
        message: expect.stringMatching(/rank 2 called .* of 5/),
      });
  });

  test('ranks at different calls are told so', async () => {
    const values = new Float32Array(4);
    const answers = await answersOf(
      [[{ op: 'all_reduce', values }], [{ op: 'reduce_scatter', values }]],
      { transport },
    );
    for (const answer of answers)
      expect(answer).toMatchObject({
        code: 'rank-mismatch',
        message: expect.stringMatching(/rank 1 called reduce_scatter of 4/),
      });
  });

  test.each([
    ['ends', 'exit', 'its worker ended'],
    ['throws', 'throw', 'it broke'],
    ['hangs', 'hang', 'no answer within 0.5 s'],
  ] as const)('a rank that %s is named by the others', async (_, op, why) => {
    const values = new Float32Array(9);
    const works: readonly Call[] = [
      { op: 'all_reduce', values },
      { op: 'all_reduce', values },
      { op: 'barrier' },
    ];
    const started = performance.now();
    const [first, , third] = await answersOf(
      [works, [{ op: 'all_reduce', values }, { op }], works],
      { transport, limitMs: op === 'hang' ? 500 : 60_000 },
    );
    for (const answer of [first, third])
      expect(answer).toMatchObject({
        code: 'rank-lost',
        rank: 1,
        message: `rank 1 was lost: ${why}: resume the run from its last checkpoint, or start it again`,
      });
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

test('a rank that says that it waits is not given up, and one that then hangs is', async () => {
  const paused = (calls: readonly Call[]) =>
    answersOf([[{ op: 'outlast', ms: 4_000 }, ...calls], [{ op: 'barrier' }]], { limitMs: 1_500 });
  const [alive, hung] = await Promise.all([
    paused([{ op: 'barrier' }]),
    paused([{ op: 'sleep', ms: 3_000 }]),
  ]);
  for (const answer of alive) expect(answer).toMatchObject({ values: expect.anything() });
  expect(hung[1]).toMatchObject({ code: 'rank-lost', rank: 0 });
});

test('a computer that sleeps takes no rank with it, and one that hangs when it wakes is given up', async () => {
  const asleep = { op: 'fall_asleep', ms: 3_000 } as const;
  // Of its waits the first ends as it wakes.
  const late = (ms: number) => [500, ms].map((each) => ({ op: 'sleep', ms: each }) as const);
  const woken = (ms: number) =>
    answersOf(
      [
        [asleep, { op: 'barrier' }],
        [asleep, ...late(ms), { op: 'barrier' }],
      ],
      { limitMs: 2_500 },
    );
  const [alive, hung] = await Promise.all([woken(300), woken(3_500)]);
  for (const answer of alive) expect(answer).toMatchObject({ values: expect.anything() });
  expect(hung[0]).toMatchObject({
    ...{ code: 'rank-lost', rank: 1 },
    message: expect.stringContaining('no answer within 2.5 s'),
  });
});

test('a group that failed says so again', async () => {
  const [place, other] = groupPlaces(2, { limitMs: 20 });
  const { ProcessGroup } = await import('./process-group.ts');
  using group = new ProcessGroup(place as never);
  const lost = { code: 'rank-lost', rank: 1 };
  await expect(group.barrier()).rejects.toMatchObject(lost);
  await expect(group.allReduce(new Float32Array(2))).rejects.toMatchObject(lost);
  other?.ports[0]?.close();
});

test('parts follow each other in whole units, as many as others have or one more', () => {
  const parts = (length: number, size: number, unit?: number) =>
    Array.from({ length: size }, (_, rank) => {
      const { start, end } = partOf(length, { rank, size }, unit);
      return [start, end];
    });
  expect(parts(7, 3)).toEqual([
    [0, 2],
    [2, 4],
    [4, 7],
  ]);
  expect(parts(2, 3)).toEqual([
    [0, 0],
    [0, 1],
    [1, 2],
  ]);
  expect(parts(320, 3, 64)).toEqual([
    [0, 64],
    [64, 192],
    [192, 320],
  ]);
  expect(parts(300, 2, 64)).toEqual([
    [0, 128],
    [128, 300],
  ]);
});
