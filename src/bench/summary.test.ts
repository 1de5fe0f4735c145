import { expect, test } from 'vitest';
import type { CaseResult } from '../report/schema.ts';
import { benchRows, groupMeans } from './summary.ts';

const of = (id: string, medianMs: number, ratio?: number) =>
  ({
    ...{ id: `bench.${id}`, backend: 'webgpu', status: 'pass', timing: { medianMs } },
    ...(ratio === undefined ? {} : { metrics: { ratio } }),
  }) as unknown as CaseResult;

const product = (m: number, block: number) => `matmul_4bit:nf4;m=${m};n=1024;k=1024;block=${block}`;

test('a group has the mean of all its rows, and below it one of each part', () => {
  const results = [
    ...[of(product(1, 32), 1, 2), of(product(8, 32), 1, 8), of(product(1, 64), 1, 32)],
    of('softmax:f32;rows=1024;width=1024', 1, 3),
  ];
  const means = groupMeans(benchRows({ results })).map(
    ({ group, subgroup, count, geometricMean, worst, below }) =>
      [group, subgroup, count, Number(geometricMean.toFixed(6)), worst.ratio, below] as const,
  );
  expect(means).toEqual([
    ['4-bit products', undefined, 3, 8, 2, 0],
    ['4-bit products', 'block=32', 2, 4, 2, 0],
    ['4-bit products', 'block=64', 1, 32, 32, 0],
    ['rows', undefined, 1, 3, 3, 0],
  ]);
});

test('what has codes is told beside the same product in float32 of the same report', () => {
  const inFloats = of('matmul:f32;m=8;n=1024;k=1024;transposed=b', 4);
  const codes = of(product(8, 32), 5);
  const library = { ...inFloats, backend: 'jax-webgpu' };
  const toldOf = (results: readonly CaseResult[]) =>
    benchRows({ results: [...results] }).map(({ id, ofFloats }) => [id, ofFloats]);
  expect(toldOf([codes, inFloats])).toEqual([
    [codes.id, 1.25],
    [inFloats.id, undefined],
  ]);
  expect(toldOf([codes])).toEqual([[codes.id, undefined]]);
  expect(toldOf([codes, library]), 'a library’s time is not ours').toContainEqual([
    codes.id,
    undefined,
  ]);
});
