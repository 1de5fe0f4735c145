import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { violations } from './axe.ts';
import { drop } from './drop.ts';
import { expect, open, test } from './page-test.ts';

const table = (page: Page) => page.getByRole('table', { name: 'What each model takes' });
const row = (page: Page, name: string | RegExp) => table(page).getByRole('row', { name });
const measure = (page: Page) => page.getByRole('button', { name: 'Measure the speed' });

const CONFIG = {
  ...{ model_type: 'llama', hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30 },
  ...{ num_attention_heads: 9, num_key_value_heads: 3, vocab_size: 49_152 },
  ...{ max_position_embeddings: 2048, tie_word_embeddings: true },
};
const bytesOf = (config: object) => new TextEncoder().encode(JSON.stringify(config));

test('a person comes from the first screen, chooses a setup, sorts, and saves the table', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.setViewportSize({ width: 1280, height: 900 });
  await open(page);
  await page.getByRole('link', { name: 'Open the model sheet' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    'Which models could learn here?',
  );
  await expect(table(page).getByRole('row')).toHaveCount(14);
  // By hand: src/sheet/needs.test.ts.
  await expect(row(page, /^Qwen2\.5-0\.5B/)).toContainText(
    /494M.*474.MB.*35.MB.*106.MB.*143.MB.*757.MB/,
  );
  await expect(table(page).getByRole('columnheader', { name: /^Time/ })).toHaveCount(0);

  await page.getByLabel('Weights').selectOption('bf16');
  await expect(row(page, /^Llama-3\.2-1B/)).toContainText(/2\.5.GB/);
  await page.getByLabel('Rank of the adapters').fill('x');
  await page.getByLabel('Rank of the adapters').press('Enter');
  await expect(page.getByLabel('Rank of the adapters')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByText('rank x: must be a whole number from 1 to 1024')).toBeVisible();
  await page.getByLabel('Rank of the adapters').fill('8');
  await page.getByLabel('Memory of the graphics chip, GiB').fill('4');
  await page.getByLabel('Memory of the graphics chip, GiB').press('Enter');
  await expect(page.getByText(/^rank x/)).toBeHidden();
  await expect(row(page, /^Qwen3-0\.6B/)).toContainText('fits');
  await expect(row(page, /^Llama-3\.2-3B/)).toContainText('does not fit');
  await page.getByLabel('Checkpointing: compute').uncheck();

  const total = table(page).getByRole('columnheader', { name: 'Total' });
  await total.getByRole('button').press('Enter');
  await total.getByRole('button').press('Enter');
  await expect(total).toHaveAttribute('aria-sort', 'descending');
  await expect(table(page).getByRole('rowheader').first()).toHaveText('Llama-3.1-70B');

  await page.getByRole('button', { name: 'Copy the link' }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(link).search).toBe(
    '?view=sheet&method=bf16&rank=8&memory=4&checkpointing=off&sort=-total',
  );
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the table as CSV' }).click();
  const csv = await readFile(await (await saving).path(), 'utf8');
  expect(csv).toMatch(/^Model,Parameters,Weights,.*\r\nLlama-3\.1-70B,70553706496,/);
  expect(csv.trim().split('\r\n')).toHaveLength(14);
  expect(await violations(page)).toEqual([]);

  await page.goto(link);
  await expect(page.getByLabel('Weights')).toHaveValue('bf16');
  await expect(total).toHaveAttribute('aria-sort', 'descending');
  await page.goBack();
});

test('a dropped config.json comes first, stays in the address, and another one is refused in a line', async ({
  page,
}) => {
  await page.goto('/?view=sheet');
  await expect(table(page)).toBeVisible();
  await drop(page, [{ name: 'config.json', bytes: bytesOf(CONFIG) }]);
  const own = table(page).getByRole('row').nth(1);
  await expect(own).toHaveText(/^\s*your model\s+135M/);
  await expect(page).toHaveURL(/model=model_type=llama;hidden_size=576;/);
  await page.getByLabel('Weights').selectOption('mlx');
  const odd = bytesOf({ ...CONFIG, intermediate_size: 1500 });
  await drop(page, [{ name: 'config.json', bytes: odd }]);
  await expect(own).toContainText('rows of 1500 elements are no groups of 64');
  await page.getByLabel('Tokens of an example').fill('4096');
  await page.getByLabel('Tokens of an example').press('Enter');
  await expect(own).toContainText('made for 2,048 tokens');
  await page.reload();
  await expect(own).toContainText('your model');

  const gemma = bytesOf({ ...CONFIG, model_type: 'gemma2' });
  await page.getByLabel('Choose a config.json').setInputFiles({
    ...{ name: 'config.json', mimeType: 'application/json', buffer: Buffer.from(gemma) },
  });
  await expect(
    page.getByText(/^config\.json: model_type "gemma2" is not known here/),
  ).toBeVisible();
  await expect(own).toContainText('your model');
  await page.getByRole('button', { name: 'Leave my model out' }).click();
  await expect(own).toContainText('Qwen2.5-0.5B');
});

test('the speed is measured on request, and every model has a time', { tag: '@long' }, async ({
  page,
}) => {
  await page.goto('/?view=sheet&examples=100');
  await expect(measure(page)).toBeVisible();
  await page.keyboard.press('m');
  await expect(page.getByText('Measuring the speed')).toBeVisible();
  const time = table(page).getByRole('columnheader', { name: 'Time for 100 examples' });
  await expect(time).toBeVisible({ timeout: 150_000 });
  await expect(row(page, /^Llama-3\.1-8B/)).toContainText(/(minute|hour|day|year)s/);
  await expect(measure(page)).toBeHidden();
  await page.getByText('What this rests on').click();
  await expect(page.getByText(/products with 4-bit weights that were timed here/)).toBeVisible();
  await expect(page.getByText(/maxStorageBufferBindingSize/)).toBeVisible();
});
