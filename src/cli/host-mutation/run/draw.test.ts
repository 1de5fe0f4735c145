import { expect, test } from 'vitest';
import type { HostMutant, HostOperator } from '../host-mutant.ts';
import { draw } from './draw.ts';

/** So many mutants of an operator in a file. */
function mutantsOf(file: string, operator: HostOperator, count: number): readonly HostMutant[] {
  return Array.from({ length: count }, (_, i) => ({
    file,
    operator,
    line: i + 1,
    n: 1,
    start: 0,
    end: 0,
    replacement: '',
    atLoad: false,
    statement: '',
    switches: [],
  }));
}

const ALL = [
  ...mutantsOf('src/ops/math/add.ts', 'constant', 600),
  ...mutantsOf('src/train/learner.ts', 'constant', 300),
  ...mutantsOf('src/train/learner.ts', 'comparison', 90),
  ...mutantsOf('src/report/merge.ts', 'early-return', 10),
];

const count = (drawn: readonly HostMutant[], of: (mutant: HostMutant) => boolean) =>
  drawn.filter(of).length;

test('a draw has as many as asked for, the same for one seed, others for another', () => {
  const drawn = draw(ALL, 100, 7);
  expect(drawn).toHaveLength(100);
  expect(new Set(drawn).size).toBe(100);
  expect(draw(ALL, 100, 7)).toEqual(drawn);
  expect(draw(ALL, 100, 8)).not.toEqual(drawn);
});

test('a draw does not hang on the order of what it is drawn from', () => {
  const names = (drawn: readonly HostMutant[]) =>
    drawn.map(({ file, operator, line }) => `${file} ${operator} ${line}`).sort();
  expect(names(draw([...ALL].reverse(), 100, 7))).toEqual(names(draw(ALL, 100, 7)));
});

test.each([1, 2, 3, 4, 5])('every operator is at least 5 % of a draw by seed %d', (seed) => {
  const drawn = draw(ALL, 100, seed);
  expect(count(drawn, ({ operator }) => operator === 'early-return')).toBeGreaterThanOrEqual(5);
  expect(count(drawn, ({ operator }) => operator === 'comparison')).toBeGreaterThanOrEqual(5);
});

test('the rest is drawn by how many there are', () => {
  const drawn = draw(ALL, 100, 7);
  const ofConstants = count(drawn, ({ operator }) => operator === 'constant');
  expect(ofConstants).toBeGreaterThanOrEqual(85);
  const ofOps = count(drawn, ({ file }) => file === 'src/ops/math/add.ts');
  expect(Math.abs(ofOps - (2 / 3) * ofConstants)).toBeLessThanOrEqual(1.5);
});

test('where an operator has fewer than its share, all of them are drawn', () => {
  const drawn = draw(ALL, 400, 7);
  expect(count(drawn, ({ operator }) => operator === 'early-return')).toBe(10);
  expect(drawn).toHaveLength(400);
});

test('all are drawn where there are no more', () => {
  expect(draw(ALL, ALL.length + 1, 7)).toEqual(ALL);
});
