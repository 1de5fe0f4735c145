import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { readGguf } from '../../src/formats/gguf.ts';
import { gradproof } from '../cli/gradproof.ts';
import { violations } from './axe.ts';
import { begin } from './learnt-run.ts';
import { expect } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { tinyGguf } from './tiny-gguf.ts';
import {
  ended,
  MODEL,
  openTuning,
  QUICK,
  saved,
  start,
  startAgain,
  takeSettings,
} from './tune-page.ts';

const SETTINGS = {
  ...{ ...QUICK, max_steps: 2, max_length: 32 },
  ...{ type: 'qlora', lora: { r: 4, lora_alpha: 8 } },
};

const form = (within: Page | ReturnType<Page['locator']>) => within.getByLabel('Form of the model');
const save = (within: Page | ReturnType<Page['locator']>) =>
  within.getByRole('button', { name: 'Save the merged model' });
const cancel = (page: Page) => page.getByRole('button', { name: 'Cancel merging' });
const written = (page: Page) => page.getByText('The merged model is written.');

/** The kept run, with what it trained shown. */
async function kept(page: Page) {
  const run = page.locator('gp-kept-tunings').getByRole('listitem');
  await run.getByText('What it trained, also merged into its model').click();
  return run;
}

const withoutDialog = (page: Page) =>
  page.addInitScript(() => Reflect.deleteProperty(globalThis, 'showDirectoryPicker'));

test('a run that has ended, and one that was kept, give the bytes of the model that is written as a run ends', {
  tag: '@full',
}, async ({ page }) => {
  await withoutDialog(page);
  await openTuning(page);
  await takeSettings(page, SETTINGS);
  await page.getByLabel('What is saved').selectOption('gguf-q8_0');
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  const live = await saved(page, /^Save model-q8_0\.gguf/);
  expect(readGguf(live).tensors.size).toBeGreaterThan(0);

  await expect(page.getByText('The talk with the model ends then')).toBeVisible();
  await form(page).selectOption('merged-float32');
  await save(page).press('Enter');
  await expect(cancel(page)).toBeFocused();
  await expect(page.getByRole('progressbar', { name: 'Progress of merging' })).toBeVisible();
  await expect(startAgain(page)).toHaveAttribute('aria-disabled', 'true');
  await cancel(page).press('Enter');
  await expect(page.getByText('Cancelled: nothing was written.')).toBeVisible();
  await expect(save(page)).toBeFocused();
  await expect(page.getByText('The talk is over')).toBeVisible();

  await form(page).selectOption('gguf-q8_0');
  await save(page).press('Enter');
  await expect(written(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/^Rounding moved its merged weights by .*%/)).toBeVisible();
  expect((await saved(page, /^Save model-q8_0\.gguf/)).equals(live)).toBe(true);
  expect(await violations(page)).toEqual([]);

  await page.getByRole('button', { name: 'Keep this run' }).click();
  await expect(page.getByText('This run is kept.')).toBeVisible();
  await page.reload();
  const run = await kept(page);
  await expect(run.getByRole('button', { name: /^Save adapter_model\.safetensors/ })).toBeVisible();
  await form(run).selectOption('gguf-q8_0');
  await save(run).press('Enter');
  await expect(written(page)).toBeVisible({ timeout: 60_000 });
  expect((await saved(page, /^Save model-q8_0\.gguf/)).equals(live)).toBe(true);
  expect(await violations(page)).toEqual([]);
});

test('a kept run over a folder of one’s own asks for it again, refuses another, and merges as the terminal does', {
  tag: '@full',
}, async ({ page, folder }) => {
  await withoutDialog(page);
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  await page.getByLabel('Choose a folder').setInputFiles(MODEL);
  await takeSettings(page, SETTINGS);
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  await page.getByRole('button', { name: 'Keep this run' }).click();
  await expect(page.getByText('This run is kept.')).toBeVisible();

  await openTuning(page);
  const run = await kept(page);
  await expect(run.getByText('choose model again')).toBeVisible();
  await expect(save(run)).toHaveAttribute('aria-disabled', 'true');
  const other = join(folder, 'model');
  await cp(MODEL, other, { recursive: true });
  const weights = await readFile(join(other, 'model.safetensors'));
  weights[weights.length - 1] = (weights.at(-1) ?? 0) ^ 1;
  await writeFile(join(other, 'model.safetensors'), weights);
  const choose = run.getByLabel('Choose the folder of its model');
  await choose.setInputFiles(other);
  await save(run).click();
  await expect(
    page.getByText(/^Nothing was written: the weights of this model are others/),
  ).toBeVisible({ timeout: 60_000 });
  await choose.setInputFiles(MODEL);
  await expect(run.getByText(/^Its model: model, 1\.0.MB$/)).toBeVisible();
  await save(run).click();
  await expect(written(page)).toBeVisible({ timeout: 60_000 });
  const merged = await saved(page, /^Save model\.safetensors/);

  const adapter = join(folder, 'adapter');
  await mkdir(adapter);
  for (const name of ['adapter_model.safetensors', 'adapter_config.json'])
    await writeFile(join(adapter, name), await saved(page, new RegExp(`^Save ${name}`)));
  const out = join(folder, 'out');
  const { status, stderr } = await gradproof([
    ...['train', '--model', MODEL, '--adapter', adapter, '--type', 'qlora', '--steps', '0'],
    ...['--save', 'merged', '--out', out],
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(merged.equals(await readFile(join(out, 'model.safetensors')))).toBe(true);
});

test('weights that were all trained are written in another form after their run, and later', {
  tag: '@full',
}, async ({ page }) => {
  await withoutDialog(page);
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  await page.getByLabel('Choose a GGUF file').setInputFiles(await tinyGguf());
  await takeSettings(page, { ...QUICK, type: 'full', max_steps: 2, max_length: 32 });
  await page.getByLabel('What is saved').selectOption('gguf-f16');
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  const live = await saved(page, /^Save model-f16\.gguf/);
  await expect(page.getByText('the model that was written has them')).toBeVisible();
  await expect(save(page)).toHaveAttribute('aria-disabled', 'true');

  await page.getByText('Data and settings').click();
  await page.getByLabel('What is saved').selectOption('');
  await expect(startAgain(page)).toHaveAttribute('aria-disabled', 'false');
  await startAgain(page).click();
  await expect(page.getByRole('button', { name: 'Stop and keep' })).toBeVisible();
  await ended(page);
  await page.getByRole('button', { name: 'Keep this run' }).click();
  await expect(page.getByText('This run is kept.')).toBeVisible();
  await openTuning(page);
  const run = await kept(page);
  await run.getByLabel('Choose the file of its model').setInputFiles(await tinyGguf());
  await form(run).selectOption('gguf-f16');
  await save(run).click();
  await expect(written(page)).toBeVisible({ timeout: 60_000 });
  expect((await saved(page, /^Save model-f16\.gguf/)).equals(live)).toBe(true);
});

test('a merged model without room is told in one line, and what was trained stays', {
  tag: '@full',
}, async ({ page }) => {
  await withoutDialog(page);
  await begin(page, SETTINGS);
  await ended(page);
  const { usage = 0 } = await page.evaluate(() => navigator.storage.estimate());
  const browser = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 500_000 });
  await form(page).selectOption('merged-float32');
  await save(page).click();
  await expect(
    page.getByText(/^Nothing was written: model\.safetensors does not fit: /),
  ).toBeVisible({ timeout: 60_000 });
  expect((await saved(page, /^Save adapter_model\.safetensors/)).length).toBeGreaterThan(0);
});
