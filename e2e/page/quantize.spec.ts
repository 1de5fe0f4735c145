import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { violations } from './axe.ts';
import { drop } from './drop.ts';
import { expect, savedReport, test } from './page-test.ts';

const runButton = (page: Page) => page.getByRole('button', { name: 'Run', exact: true });
const again = (page: Page) => page.getByRole('button', { name: 'Run again' });
const table = (page: Page) => page.getByRole('table', { name: 'What each scheme costs' });

/** A file with a weight that all methods take, and one that those with whole groups refuse. */
function weights(): Uint8Array<ArrayBuffer> {
  const random = new Random(5);
  const drawn = (rows: number, width: number) =>
    hostTensorFrom(
      'f32',
      [rows, width],
      random.fill(rows * width, () => random.normal(0.05)),
    );
  return writeSafetensors({ 'fc.weight': drawn(16, 128), 'odd one.weight': drawn(5, 7) });
}

test('a person drops weights, measures every quantizer, sorts, looks at a layer, and saves', {
  tag: '@long',
}, async ({ page }) => {
  await page.goto('/?view=quantize');
  await expect(runButton(page)).toHaveAttribute('aria-disabled', 'false');
  await expect(page.getByText('A small drawn block, with outliers')).toBeVisible();
  await drop(page, [{ name: 'mine.safetensors', bytes: weights() }]);
  await expect(page.getByText('mine.safetensors, 8.5 kB, 2 layers')).toBeVisible();
  await runButton(page).press('Enter');
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await expect(again(page)).toBeVisible();

  const methods = table(page).getByRole('rowheader');
  await expect(methods.first()).toHaveText(/ternary|bitnet/);
  await expect(table(page).getByText(/^only 1 of 2 layers: odd one 5x7 by mlx/)).toBeVisible();
  const byBytes = table(page).getByRole('columnheader', { name: 'Bytes' });
  await byBytes.getByRole('button').click();
  await expect(byBytes).toHaveAttribute('aria-sort', 'ascending');
  await byBytes.getByRole('button').press('Enter');
  await expect(byBytes).toHaveAttribute('aria-sort', 'descending');
  await expect(methods.first()).toHaveText(/f16/);

  await page.getByLabel('Show').selectOption('fc');
  await expect(table(page).getByText(/^only 1 of/)).toHaveCount(0);
  const plot = page.getByRole('img', { name: /schemes by stored bits for each weight/ });
  await expect(plot.locator('circle')).toHaveCount(26);
  await expect(page.getByRole('group', { name: /Error over bits/ })).toBeVisible();

  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the table as CSV' }).click();
  const csv = await readFile(await (await saving).path(), 'utf8');
  expect(csv).toMatch(/^Method,Bits,Group,Error of outputs,/);
  expect(csv.trim().split('\r\n')).toHaveLength(27);
  const report = await savedReport(page);
  expect(report).toMatchObject({ kind: 'run', run: { complete: true }, summary: { total: 52 } });
  expect(report.results.map(({ id }) => id)).toContain('quantize.nf4:fc;bits=4;group=64');
  expect(await violations(page)).toEqual([]);
});

test('drawn weights are measured until a person cancels, and what was measured stays', async ({
  page,
}) => {
  await page.goto('/?view=quantize');
  await expect(runButton(page)).toHaveAttribute('aria-disabled', 'false');
  await runButton(page).click();
  await expect(
    page.getByRole('progressbar', { name: 'Progress of the measurement' }),
  ).toBeVisible();
  await expect(page.getByText(/^[1-9]\d* of \d+ measurements$/)).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(again(page)).toBeVisible();
  await expect(page.getByText(/^It ended early/)).toBeVisible();
  await expect(table(page)).toBeVisible();
});

test('a file without weights is refused in one line, and the next one taken', async ({ page }) => {
  await page.goto('/?view=quantize');
  const field = page.getByLabel('Choose a file');
  const file = (bytes: Uint8Array) => ({
    name: 'w.safetensors',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(bytes),
  });
  await field.setInputFiles(file(weights().slice(0, 300)));
  await expect(page.getByText(/^w\.safetensors: .*the file is cut off/)).toBeVisible();
  await expect(page.getByText('A small drawn block, with outliers')).toBeVisible();
  await field.setInputFiles(file(weights()));
  await expect(page.getByText('w.safetensors, 8.5 kB, 2 layers')).toBeVisible();
  const table = { 'lm_head.weight': hostTensorFrom('f32', [4, 8], new Float64Array(32)) };
  await field.setInputFiles(
    file(writeSafetensors({ ...table, 'fc.weight': table['lm_head.weight'] })),
  );
  await expect(page.getByText('Left as they are: lm_head (head).')).toBeVisible();
  await page.getByRole('button', { name: 'Take drawn weights' }).click();
  await expect(page.getByText('A small drawn block, with outliers')).toBeVisible();
});
