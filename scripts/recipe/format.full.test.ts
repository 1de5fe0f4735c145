import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RecipeCopy, ROOT } from './copy.ts';

/** Does what CONTRIBUTING says under "Add a number format", in a copy of the tree. */

let copy: RecipeCopy;

beforeAll(() => {
  copy = new RecipeCopy('Add a number format');
});
afterAll(() => copy[Symbol.dispose]());

test('with WGSL and product a format is at most six files and 400 lines, all of them new', () => {
  expect(copy.files.length).toBeGreaterThan(1);
  expect(copy.files.length).toBeLessThanOrEqual(6);
  const lines = copy.files.flatMap(({ text }) => text.trimEnd().split('\n'));
  expect(lines.length).toBeLessThanOrEqual(400);
  for (const { path } of copy.files) expect(existsSync(join(ROOT, path)), path).toBe(false);
});

test('they are typed and formatted as the others are', () => copy.check());

test('the numbers of its ops are noted by their command', () => {
  copy.run('vitest/vitest.mjs', 'run', 'src/testing/reference-numbers', '-t', '6bit|int6', '-u');
  const numbers = copy.at('src/testing/reference-numbers/__snapshots__/quant.test.ts.snap');
  expect(readFileSync(numbers, 'utf8')).toContain('of dequantize_6bit are');
});

test('tables, bounds and power hold, cases pass on a GPU and turn red with their faults, and no mutant is unseen', () => {
  const tests = [
    'scripts/recipe/cases.test.ts',
    'src/quant',
    'src/testing',
    'src/reference/vjp.test.ts',
    'src/cli/runtime/quantized-weight.gpu.test.ts',
  ];
  const { failed, passed } = copy.test('6bit|int6', tests, {
    RECIPE_OPS: 'quantize_6bit,dequantize_6bit,matmul_6bit',
    RECIPE_SHADERS: 'quant/int6',
    // Only codes that lie in two words show it.
    RECIPE_MUTANTS: 'mutate.quant.quantize:arithmetic;line=50;n=2',
  });
  expect(failed).toEqual([]);
  // Cases of three ops twice, mutants, table and packing, bounds and power of each op.
  expect(passed).toBeGreaterThan(100);
}, 300_000);
