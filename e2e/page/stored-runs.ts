import type { Page } from '@playwright/test';
import { checkpointName } from '../../src/train/checkpoint/run-checkpoint.ts';

/** A run as it lies in the page's own storage, by hand. */
export interface LyingRun {
  /** The text of its record; absent where there is none. */
  readonly record?: string;
  /** Steps of its checkpoints, which are of a few bytes; absent where it has no folder for them. */
  readonly checkpoints?: readonly number[];
}

/** The record of a run of 14 steps over what comes with the page. */
export const RECORD = JSON.stringify({
  ...{ version: 1, startedAt: '2026-11-27T10:00:00.000Z' },
  ...{ settings: { type: 'lora' }, steps: 14 },
});

/** Writes runs, by their ids, where a page that is open keeps its own. */
export async function layRuns(page: Page, runs: Readonly<Record<string, LyingRun>>): Promise<void> {
  const named = Object.entries(runs).map(([id, { record, checkpoints }]) => ({
    ...{ id, record, files: checkpoints?.map(checkpointName) },
  }));
  await page.evaluate(async (all) => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('runs', { create: true });
    const write = async (place: FileSystemDirectoryHandle, name: string, text: string) => {
      const file = await place.getFileHandle(name, { create: true });
      const stream = await file.createWritable();
      await stream.write(text);
      await stream.close();
    };
    for (const { id, record, files } of all) {
      const run = await folder.getDirectoryHandle(id, { create: true });
      if (record !== undefined) await write(run, 'run.json', record);
      if (!files) continue;
      const checkpoints = await run.getDirectoryHandle('checkpoints', { create: true });
      for (const name of files) await write(checkpoints, name, '0123456789');
    }
  }, named);
}

/** The ids of the runs that lie there. */
export const lyingRuns = (page: Page): Promise<readonly string[]> =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const names: string[] = [];
    for await (const name of (await root.getDirectoryHandle('runs')).keys()) names.push(name);
    return names.sort();
  });
