import type { Page } from '@playwright/test';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { violations } from './axe.ts';
import { type Dropped, drop } from './drop.ts';
import { begin, kept, learnt, resume, trained } from './learnt-run.ts';
import { expect, test } from './page-test.ts';
import { openTuning, QUICK, saved, start, takeSettings } from './tune-page.ts';

const SETTINGS = {
  ...{ ...QUICK, max_steps: 4, eval_steps: 2, max_length: 32 },
  ...{ type: 'qlora', lora: { r: 4, lora_alpha: 8 } },
};
const { lora: _, ...WITHOUT_ADAPTER } = SETTINGS;
/** Rank and factor are those of the saved adapter. */
const OTHER = { ...WITHOUT_ADAPTER, max_steps: 10, learning_rate: 0.002 };

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';

const panel = (page: Page) => page.getByRole('region', { name: 'Adapter to go on from' });

/** The adapter of the run that has ended, as the page saves it. */
async function savedAdapter(page: Page): Promise<readonly Dropped[]> {
  const files: Dropped[] = [];
  for (const name of [WEIGHTS, CONFIG])
    files.push({ name, bytes: new Uint8Array(await saved(page, new RegExp(`^Save ${name}`))) });
  return files;
}

/** Losses of texts that it never saw, by the step. */
const heldout = ({ steps }: Awaited<ReturnType<typeof learnt>>) =>
  steps.filter((row) => 'eval_loss' in row).map((row) => row['eval_loss']);

test('a saved adapter is dropped and learns on, and its run is resumed without it', {
  tag: '@long',
}, async ({ page, context }) => {
  await begin(page, SETTINGS);
  const first = await learnt(page);
  const adapter = await savedAdapter(page);

  const second = await context.newPage();
  await openTuning(second);
  await expect(panel(second)).toContainText('None: a new one is made');
  await drop(second, adapter);
  await expect(panel(second)).toContainText(/adapter, \d/);
  // Its own rank is shown, and none is asked for.
  await expect(second.getByLabel('Rank')).toHaveValue('');
  await expect(second.getByLabel('Rank')).toHaveAttribute('placeholder', '4');
  await expect(start(second)).toHaveAttribute('aria-disabled', 'false');
  await second.getByLabel('Rank').fill('8');
  await second.getByLabel('Rank').press('Enter');
  await expect(second.getByText(/^lora\.r is 8, and the saved adapter has 4/)).toBeVisible();
  await expect(start(second)).toHaveAttribute('aria-disabled', 'true');
  await takeSettings(second, OTHER);
  await expect(start(second)).toHaveAttribute('aria-disabled', 'false');
  expect(await violations(second)).toEqual([]);
  await start(second).click();
  const whole = await learnt(second);
  expect(heldout(whole)[0]).toBe(heldout(first).at(-1));
  expect(whole.adapter).not.toBe(first.adapter);
  const { tensors } = readSafetensors(await saved(second, new RegExp(`^Save ${WEIGHTS}`)));
  for (const [name, { shape }] of tensors)
    if (name.endsWith('lora_A.weight')) expect([name, shape[0]]).toEqual([name, 4]);

  const third = await context.newPage();
  await openTuning(third);
  await drop(third, adapter);
  await takeSettings(third, OTHER);
  await expect(start(third)).toBeEnabled();
  await start(third).click();
  await kept(third);
  await third.close();
  const fourth = await context.newPage();
  await openTuning(fourth);
  await resume(fourth).click();
  const resumed = await learnt(fourth);
  expect(trained(resumed)).toEqual(trained(whole));
  expect(resumed.adapter).toBe(whole.adapter);
});

test('half an adapter is refused in one line, and can be left out again', async ({ page }) => {
  await openTuning(page);
  await panel(page)
    .getByLabel('Choose its files')
    .setInputFiles({ name: CONFIG, mimeType: 'application/json', buffer: Buffer.from('{"r": 4}') });
  // Faults and buttons are given to the panel from outside.
  await expect(page.getByRole('alert')).toHaveText(
    /the folder has no adapter_model\.safetensors: give one that PEFT saved/,
  );
  await expect(start(page)).toHaveAttribute('aria-disabled', 'true');
  await page.getByRole('button', { name: 'Make a new one' }).press('Enter');
  await expect(panel(page)).toContainText('None: a new one is made');
  await expect(start(page)).toHaveAttribute('aria-disabled', 'false');
});
