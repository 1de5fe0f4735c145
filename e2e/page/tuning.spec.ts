import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { readReport } from '../../src/report/read.ts';
import type { Report } from '../../src/report/schema.ts';
import { drop } from './drop.ts';
import { plantTable } from './kept-tables.ts';
import { expect, test } from './page-test.ts';
import { startAgain } from './tune-page.ts';

const POEM = {
  name: 'poem.txt',
  bytes: new TextEncoder().encode('The rain in Spain stays mainly in the plain.\n'.repeat(200)),
};
const MEASURING = 'Measuring which kernels are fastest here…';
const BOX = 'First measure for three seconds';

/** Half a minute on two idle cores. */
const LONGEST_RUN = 300_000;

/** Trains two steps, and says whether kernels were measured before, and what the report tells. */
async function trained(page: Page): Promise<{ measured: boolean; report: Report }> {
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'Bytes of any text' }).check();
  await expect(page.getByLabel(BOX)).toBeVisible();
  await drop(page, [POEM]);
  await page.getByRole('spinbutton', { name: 'steps' }).fill('2');
  await page.getByLabel(BOX).check();
  const measuring = page.getByText(MEASURING);
  let measured = false;
  const see = () => {
    measured = true;
  };
  measuring.waitFor({ timeout: LONGEST_RUN }).then(see, () => {});
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.getByLabel(BOX), 'nothing is chosen while it trains').toBeHidden();
  await expect(startAgain(page)).toBeVisible({ timeout: LONGEST_RUN });
  await expect(measuring).toBeHidden();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the report' }).click(),
  ]);
  const report = readReport(await readFile(await file.path(), 'utf8'), file.suggestedFilename());
  return { measured, report };
}

test('a first training measures kernels if it is asked to, and later ones train with what was found', {
  tag: '@full',
}, async ({ page }) => {
  test.setTimeout(2 * LONGEST_RUN + 60_000);
  const first = await trained(page);
  expect(first.measured).toBe(true);
  const planted = { '1: lora_linear, rows from 128': 'tiled' };
  expect(await plantTable(page, planted), 'the table is kept').toBe(true);

  const { measured, report } = await trained(page);
  expect(measured).toBe(false);
  const [environment] = report.environments;
  expect(Object.entries(environment?.tuning ?? {})[0]).toEqual(Object.entries(planted)[0]);
  const kernelsOf = ({ results }: Report) => results.flatMap(({ kernels }) => kernels);
  expect(kernelsOf(report)).toContain('matmul/split');
  expect(kernelsOf(first.report)).not.toContain('matmul/split');
});
