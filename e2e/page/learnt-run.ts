import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { expect } from './page-test.ts';
import { ended, openTuning, saved, start, takeSettings } from './tune-page.ts';

/** What the steps of a run computed, and the bits that it learnt. */
export interface Learnt {
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly adapter: string;
}

/**
 * Waits for the end of a run, and takes what it left, with which its checkpoints go; what happened to
 * it is left out.
 */
export async function learnt(page: Page): Promise<Learnt> {
  await ended(page);
  const adapter = await saved(page, /^Save adapter_model\.safetensors/);
  await saved(page, /^Save adapter_config\.json/);
  expect(readSafetensors(adapter).tensors.size).toBeGreaterThan(0);
  const lines = (await saved(page, 'Save the log (JSON lines)')).toString().trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line)).filter((row) => !('event' in row));
  return {
    steps: rows.map(
      ({ ms: _, tokens_per_second: __, bytes: ___, peak_bytes: ____, ...row }) => row,
    ),
    adapter: createHash('sha256').update(adapter).digest('hex'),
  };
}

/** Without held-out losses. */
export const trained = ({ steps }: Learnt) => steps.filter((row) => 'loss' in row);

/** A file as it is chosen. */
interface ChosenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Opens the view and begins a run there as {@link beginHere} does. */
export async function begin(
  page: Page,
  settings: object,
  base?: string,
  data?: ChosenFile,
): Promise<void> {
  await openTuning(page, base);
  await beginHere(page, settings, data);
}

/** Begins a run of the small model by these settings, on tales where no file of texts is given. */
export async function beginHere(page: Page, settings: object, data?: ChosenFile): Promise<void> {
  if (data) await page.getByLabel('Choose a data file').setInputFiles(data);
  await takeSettings(page, settings);
  await expect(start(page)).toBeEnabled();
  await start(page).click();
}

/** The list of the runs that can be resumed, and the button of the one that is there. */
export const resumable = (page: Page) => page.getByRole('region', { name: /that can be resumed/ });
export const resume = (page: Page) => resumable(page).getByRole('button', { name: 'Resume' });

/** The list of the runs that made all their steps and whose results no one has; on with the one there. */
export const unsaved = (page: Page) => page.getByRole('region', { name: /whose results? w/ });
export const load = (page: Page) => unsaved(page).getByRole('button', { name: 'Load its result' });

/** Waits for the first checkpoint of the run that goes on. */
export const kept = (page: Page) =>
  expect(page.getByText(/^What happened/)).toBeVisible({ timeout: 90_000 });
