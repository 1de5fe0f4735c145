import { readFile } from 'node:fs/promises';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { drop } from './drop.ts';
import { expect, open, test } from './page-test.ts';

const POEM = { name: 'poem.txt', bytes: new TextEncoder().encode('The rain in Spain stays mainly in the plain.\n'.repeat(200)) };

test('learns a dropped text, shows that the loss falls, and saves the adapter', async ({ page }) => {
  await open(page);
  await drop(page, [POEM]);
  await expect(page.getByText('poem.txt, 9.0 KB')).toBeVisible();
  await page.getByRole('spinbutton', { name: 'steps' }).fill('30');
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.getByRole('button', { name: 'Start again' })).toBeVisible({ timeout: 120_000 });

  await page.getByText('The same as a table').click();
  const rows = await page.getByRole('row').allInnerTexts();
  const losses = rows
    .slice(1)
    .flatMap((row) => row.split(/\s+/)[1] || [])
    .map(Number);
  expect(losses.length).toBeGreaterThan(1);
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) - 0.5);
  await expect(page.getByLabel('Sample: After')).not.toContainText('…');

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save adapter_model.safetensors' }).click(),
  ]);
  const { tensors } = readSafetensors(await readFile(await file.path()));
  expect([...tensors.keys()].some((name) => name.includes('lora_A'))).toBe(true);
  await expect(page.getByRole('button', { name: 'Save adapter_config.json' })).toBeVisible();
});

test('stops when asked', async ({ page }) => {
  await open(page);
  await drop(page, [POEM]);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: /^Start/ })).toBeVisible();
});

test('a text that is too short is refused in one plain line', async ({ page }) => {
  await open(page);
  await drop(page, [{ name: 'short.txt', bytes: new TextEncoder().encode('too short') }]);
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.getByRole('alert')).toContainText(/4 KiB|4096/);
});
