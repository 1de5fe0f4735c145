import { describe, expect, test } from 'vitest';
import { launchesOf } from '../fixtures/launches.ts';

/** Queries and keys of two batches at 3 positions, heads of `head_dim` columns. */
const launches = (head_dim: number, more: object = {}, ids: readonly number[] = [2, 3]) =>
  launchesOf('rotary_embedding', {
    inputs: { q: [2, 4, 3, head_dim], k: [2, 1, 3, head_dim], position_ids: ids },
    dtypes: { position_ids: 'i32' },
    params: { head_dim, ...more },
  });

const numbersOf = (launch: Awaited<ReturnType<typeof launches>>[number] | undefined) => {
  if (!Array.isArray(launch?.uniforms)) throw new Error('no numbers');
  return launch.uniforms.map(({ value }: { readonly value: number }) => value);
};

/** High and low word of x as a fraction of 2^64, which is exact for a number below 1. */
function fraction(x: number): readonly number[] {
  const words = BigInt(Math.floor(x * 2 ** 64));
  return [Number(words >> 32n), Number(words & 0xffffffffn)];
}

describe('the kernel of the angles', () => {
  test('has an invocation for each position and pair', async () => {
    const [angles] = await launches(128);
    expect(angles?.workgroups).toEqual([(6 * 64) / 64, 1, 1]);
  });

  test('is told powers of theta, a turn, and how many positions and pairs there are', async () => {
    const [angles] = await launches(4, { theta: 10_000 });
    const powers = Array.from({ length: 10 }, (_, j) => 10_000 ** (-(2 ** (j + 1)) / 4));
    expect(powers.slice(0, 3)).toEqual([0.01, 1e-4, 1e-8]);
    expect(numbersOf(angles)).toEqual([
      ...powers.flatMap(fraction),
      ...fraction(0.15915494309189535),
      6,
      2,
    ]);
  });

  test('is told the largest fraction for a power of 1', async () => {
    const [angles] = await launches(4, { theta: 1 });
    expect(numbersOf(angles).slice(0, 20)).toEqual(Array(20).fill(0xffffffff));
  });
});

test.each<[readonly number[], number]>([
  [[2, 3], 3],
  [[1, 3], 0],
  [[3], 0],
])('positions of %j are %i apart from batch to batch', async (ids, stride) => {
  const [, q, k] = await launches(6, {}, ids);
  // Strides and width of heads; heads, positions, elements, pairs, kind, rows of tables, stride.
  const shared = stride === 0;
  expect(numbersOf(q).slice(0, 11)).toEqual([
    ...(shared ? [144, 18, 6, 6] : [72, 18, 6, 6]),
    ...(shared ? [8, 3, 144] : [4, 3, 144]),
    ...[3, 0, 0, stride],
  ]);
  expect(numbersOf(k).slice(0, 4)).toEqual(shared ? [36, 18, 6, 6] : [18, 18, 6, 6]);
});

describe('tensors of fewer dimensions', () => {
  const of = (shape: readonly number[], ids: readonly number[]) =>
    launchesOf('rotary_embedding', {
      inputs: { q: shape, k: shape, position_ids: ids },
      dtypes: { position_ids: 'i32' },
      params: { head_dim: 6 },
    });

  test('are one head of positions', async () => {
    const [, q] = await of([3, 6], [3]);
    expect(numbersOf(q).slice(0, 7)).toEqual([18, 18, 6, 6, 1, 3, 18]);
  });

  test('are refused without positions', async () => {
    await expect(of([6], [])).rejects.toMatchObject({
      message: 'rotary_embedding: positions  do not fit 6 of head_dim 6',
    });
  });
});

describe('what is out of range is refused', () => {
  test.each([2, 2048])('heads of %i columns are not', async (head_dim) => {
    expect(await launches(head_dim)).toHaveLength(3);
  });

  test.each<[number, object]>([
    [3, {}],
    [0, {}],
    [2050, {}],
    [4, { theta: 0.99 }],
    [4, { theta: Number.NaN }],
  ])('heads of %i columns with %j are', async (head_dim, more) => {
    await expect(launches(head_dim, more)).rejects.toMatchObject({ code: 'bad-params' });
  });

  test.each([[[2, 4]], [[3, 3]], [[1, 2, 3]], [[2]]])('positions of %j are', async (ids) => {
    await expect(launches(6, {}, ids)).rejects.toMatchObject({
      code: 'shape',
      message: expect.stringContaining('do not fit 2x4x3x6 of head_dim 6'),
    });
  });
});
