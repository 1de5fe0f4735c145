import { expect, test } from 'vitest';
import { selectWorks } from './select.ts';
import type { Work } from './work.ts';

const works = ['bench.matmul:f32;m=1', 'bench.matmul_4bit:nf4;m=1', 'bench.relu:f32'].map(
  (id) => ({ id, quick: id.includes('relu') }) as Work,
);
const selected = (...filters: string[]) =>
  selectWorks(works, { filters, quick: false }).map(({ id }) => id);

test('a filter means the same with and without what every id begins with', () => {
  for (const prefix of ['', 'bench.']) {
    expect(selected(`${prefix}matmul:f32;m=1`)).toEqual(['bench.matmul:f32;m=1']);
    expect(selected(`${prefix}matmul*`)).toHaveLength(2);
    expect(selected(`!${prefix}matmul*`)).toEqual(['bench.relu:f32']);
  }
  expect(selected('*bench.relu*')).toEqual(['bench.relu:f32']);
  expect(selected('atmul*')).toEqual([]);
});

test('quick leaves what is quick', () => {
  expect(selectWorks(works, { filters: [], quick: true })).toHaveLength(1);
});
