import type { Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { expect, open, runToEnd, savedReport, test } from './page-test.ts';

/** The hashes of all that the case's quantized models hold. */
async function hashes(page: Page): Promise<readonly string[]> {
  await open(page, '/?filter=quantizer.models:same-state');
  await runToEnd(page);
  const { results } = await savedReport(page);
  const files = results.flatMap(({ artifacts }) => artifacts ?? []);
  const parts = files.filter(({ name }) => name !== 'kernels.json');
  return parts.map(({ name, sha256 }) => `${name} ${sha256}`);
}

test('a model of the same state is quantized to the same bytes in another tab, and after a reload', {
  ...covers(
    'triton.quantization.reproducibility/other-tab-equal',
    'triton.quantization.reproducibility/reload-equal',
  ).control('weights are drawn by the clock of the worker', {
    file: 'suites/quantizer/models.suite.ts',
    from: 'const SAME_STATE = 0;',
    to: 'const SAME_STATE = Math.trunc(performance.timeOrigin) % 1e6;',
  }),
  tag: '@long',
}, async ({ page, context }) => {
  const first = await hashes(page);
  // Of each of five methods both biases, and of both weights each part.
  expect(first).toHaveLength(5 * 2 + 2 * (2 + 2 + 2 + 3 + 2));
  expect(new Set(first.map((line) => line.split(' ')[1])).size).toBeGreaterThan(20);
  const other = await context.newPage();
  expect(await hashes(other)).toEqual(first);
  await other.close();
  await page.reload();
  expect(await hashes(page)).toEqual(first);
});
