import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RecipeCopy, ROOT } from './copy.ts';

/** Does what CONTRIBUTING says under "Add a suite", in a copy of the tree. */

let copy: RecipeCopy;

beforeAll(() => {
  copy = new RecipeCopy('Add a suite');
});
afterAll(() => copy[Symbol.dispose]());

test('a suite is one new file, typed and formatted as the others are', () => {
  expect(copy.files.map(({ path }) => path)).toEqual(['suites/math/twice.suite.ts']);
  expect(existsSync(join(ROOT, 'suites/math/twice.suite.ts'))).toBe(false);
  copy.check();
});

test('its cases pass on a GPU and turn red with their fault, which the linked shaders have', () => {
  const tests = ['scripts/recipe/cases.test.ts', 'src/harness/faults.test.ts'];
  const { failed, passed } = copy.test('math.twice|return a \\+ b', tests, {
    RECIPE_SUITES: 'math.twice',
  });
  expect(failed).toEqual([]);
  // Two cases, each twice, and the fragment.
  expect(passed).toBeGreaterThanOrEqual(5);
}, 120_000);
