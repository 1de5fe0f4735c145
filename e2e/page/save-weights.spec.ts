import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { hasLibraries } from '../../src/harness/python-check/fixtures/libraries.ts';
import { verifiedFiles } from '../../src/harness/python-check/fixtures/verified-files.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { Random } from '../../src/tensor/random.ts';
import { gradproof } from '../cli/gradproof.ts';
import { violations } from './axe.ts';
import { drop } from './drop.ts';
import { expect } from './page-test.ts';
import { test } from './scratch-folder.ts';

/**
 * A weight that all methods take, one that those with whole groups refuse, a bias, and a tensor with
 * the name that nf4 gives to scales.
 */
function weights(): Uint8Array<ArrayBuffer> {
  const random = new Random(9);
  const drawn = (...shape: number[]) =>
    hostTensorFrom(
      'f32',
      shape,
      random.fill(
        shape.reduce((size, n) => size * n),
        () => random.normal(0.05),
      ),
    );
  return writeSafetensors(
    {
      'fc.weight': drawn(16, 128),
      'odd one.weight': drawn(5, 7),
      'fc.bias': drawn(16),
      'fc.weight.absmax': drawn(3),
    },
    { format: 'pt' },
  );
}

const save = (page: Page) => page.getByRole('button', { name: 'Save weights' });
const method = (page: Page) => page.getByRole('combobox', { name: 'Method' });
const cancel = (page: Page) => page.getByRole('button', { name: 'Cancel saving' });

async function measure(page: Page, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await page.goto('/?view=quantize');
  await drop(page, [{ name: 'mine.safetensors', bytes }]);
  const run = page.getByRole('button', { name: 'Run', exact: true });
  await expect(run).toHaveAttribute('aria-disabled', 'false');
  await run.press('Enter');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
}

test('weights are saved as the terminal saves them, or one line says why not', {
  tag: '@long',
}, async ({ page, folder }) => {
  const data = join(folder, 'mine.safetensors');
  await writeFile(data, weights());
  await measure(page, weights());
  await expect(method(page).locator('optgroup')).toHaveCount(2);

  await method(page).selectOption('mlx 4 g64');
  await save(page).press('Enter');
  await expect(cancel(page)).toBeFocused();
  await expect(page.getByRole('progressbar', { name: 'Progress of saving' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run again' })).toHaveAttribute(
    ...(['aria-disabled', 'true'] as const),
  );
  await cancel(page).press('Enter');
  await expect(page.getByText('Cancelled: nothing was saved.')).toBeVisible();
  await expect(save(page)).toBeFocused();

  const saving = page.waitForEvent('download');
  await save(page).press('Enter');
  const file = await saving;
  expect(file.suggestedFilename()).toBe('mine-mlx-4-g64.safetensors');
  await expect(
    page.getByText(
      /^Saved as mine-mlx-4-g64\.safetensors, \d\S*\skB\. 1 of 2 layers are quantized, the others as they were: odd one 5x7 by mlx: rows of 7/,
    ),
  ).toBeVisible();
  const out = join(folder, 'out.safetensors');
  const { status, stderr } = await gradproof([
    ...['quantize', '--data', data, '--method', 'mlx', '--out', out],
  ]);
  expect([status, stderr]).toEqual([0, '']);
  const saved = await readFile(await file.path());
  expect(saved.equals(await readFile(out))).toBe(true);

  await method(page).selectOption('q8_0 8 g32');
  const savingBlocks = page.waitForEvent('download');
  await save(page).press('Enter');
  const blocks = await savingBlocks;
  expect(blocks.suggestedFilename()).toBe('mine-q8_0-8-g32.gguf');
  if (hasLibraries()) {
    await file.saveAs(join(folder, 'saved', 'page.safetensors'));
    await blocks.saveAs(join(folder, 'saved', 'page.gguf'));
    expect(verifiedFiles(join(folder, 'saved'))).toEqual({
      'page.safetensors': 'agrees',
      'page.gguf': 'agrees',
    });
  }

  await method(page).selectOption('nf4 g64');
  await save(page).press('Enter');
  await expect(
    page.getByText(/^Nothing was saved: nf4 stores a part as fc\.weight\.absmax/),
  ).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test('drawn weights are saved too, by what was measured until a person cancelled', {
  tag: '@long',
}, async ({ page }) => {
  await page.goto('/?view=quantize');
  const run = page.getByRole('button', { name: 'Run', exact: true });
  await expect(run).toHaveAttribute('aria-disabled', 'false');
  await run.click();
  await expect(page.getByText(/^[3-9] of \d+ measurements$/)).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  const saving = page.waitForEvent('download');
  await save(page).click();
  expect((await saving).suggestedFilename()).toMatch(/^drawn-.*\.(safetensors|gguf)$/);
});
