import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { expect } from './page-test.ts';

/** The folder of the model that comes with the page. */
export const MODEL = fileURLToPath(new URL('../../public/model', import.meta.url));

/** No step is judged, which takes most of a short run. */
export const QUICK = { judge_steps: 0, heldout_fraction: 0.02, max_steps: 6, learning_rate: 0.01 };

const json = (name: string, value: unknown) => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(JSON.stringify(value)),
});

/** Opens the view, and waits until the model that comes with the page is read. */
export async function openTuning(page: Page, base = '/'): Promise<void> {
  await page.goto(`${base}?view=train`);
  await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();
}

/** Takes a file of settings. */
export async function takeSettings(page: Page, settings: object): Promise<void> {
  await page.getByText('All settings', { exact: true }).click();
  await page.getByLabel('Choose a settings file').setInputFiles(json('settings.json', settings));
  await expect(page.getByText('From settings.json')).toBeVisible();
}

/** The button that begins a run. */
export const start = (page: Page) => page.getByRole('button', { name: 'Start', exact: true });

/** As long as a test takes that asks for more than is usual: it ends what hangs. Milliseconds. */
const LONGEST_RUN = 900_000;

/** The button that is there once a run has ended, and what it answers then. */
export const startAgain = (page: Page) => page.getByRole('button', { name: 'Start again' });

/** Waits for the end of the run. */
export async function ended(page: Page): Promise<void> {
  await expect(startAgain(page)).toBeVisible({ timeout: LONGEST_RUN });
}

/** What a button saves. */
export async function saved(page: Page, button: RegExp | string): Promise<Buffer> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return await readFile(await file.path());
}

/** The step that a run has reached; infinity where none is shown. */
export const stepOf = (page: Page) =>
  page
    .getByRole('progressbar', { name: 'Progress of the fine-tuning' })
    .evaluateAll(
      ([bar]) => (bar as HTMLProgressElement | undefined)?.value ?? Number.POSITIVE_INFINITY,
    );

/** Waits until the run that is shown makes this step or ends; later ones may be made meanwhile. */
export async function reach(page: Page, step: number): Promise<void> {
  while ((await stepOf(page)) < step) await page.waitForTimeout(10);
}
