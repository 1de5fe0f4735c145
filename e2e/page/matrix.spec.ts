import { readFile } from 'node:fs/promises';
import { violations } from './axe.ts';
import { expect, savedReport, test } from './page-test.ts';

test('a person executes the matrix, opens cells by keyboard, and saves them', {
  tag: '@long',
}, async ({ page }) => {
  test.slow();
  await page.goto('/?view=matrix');
  const run = page.getByRole('button', { name: 'Run', exact: true });
  await expect(run).toHaveAttribute('aria-disabled', 'false');
  await run.press('Enter');
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 240_000 });

  const grid = page.getByRole('grid', { name: 'Methods and backends' });
  await expect(grid.getByRole('rowheader')).toHaveCount(26);
  const first = grid.getByRole('button', { name: /^fp4 on WebGPU, f32: right: quantize, deq/ });
  await first.focus();
  await page.keyboard.press('ArrowDown');
  const nf4 = grid.getByRole('button', { name: /^nf4 on WebGPU, f32/ });
  await expect(nf4).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'nf4 on WebGPU, f32' })).toBeVisible();
  await expect(
    page.getByText(/^worst element: .*% of its bound; \d+ comparisons$/).first(),
  ).toBeVisible();
  await grid.getByRole('button', { name: /^nf4 on Recorded, CPU/ }).click();
  await expect(page.getByText(/recordings: bitsandbytes .*dequant\[/)).toBeVisible();
  await grid.getByRole('button', { name: /^nf4 on ONNX Runtime, WASM/ }).click();
  await expect(page.getByText('not-asked').first()).toBeVisible();

  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the cells as CSV' }).click();
  const csv = await readFile(await (await saving).path(), 'utf8');
  expect(csv).toMatch(/^Method,Direction,Backend,Verdict,/);
  expect(csv.trim().split('\r\n')).toHaveLength(1 + 4 * 26 * 10);
  const report = await savedReport(page);
  expect(report).toMatchObject({ kind: 'run', run: { complete: true }, summary: { failed: 0 } });
  expect(report.results.map(({ id }) => id)).toContain('matrix.nf4:product;backend=webgpu-f32');
  expect(await violations(page)).toEqual([]);
});
