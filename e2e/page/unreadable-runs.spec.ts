import type { Page } from '@playwright/test';
import { violations } from './axe.ts';
import { resumable, resume } from './learnt-run.ts';
import { expect, test } from './page-test.ts';
import { layRuns, lyingRuns, RECORD } from './stored-runs.ts';
import { openTuning } from './tune-page.ts';

/** What befalls the list of the runs that are kept: damage, and what other tabs do meanwhile. */

const unreadable = (page: Page) =>
  page.getByRole('region', { name: 'Runs that this page cannot read' });

test('a run whose record is damaged is listed with its size, and stays until it is deleted', async ({
  page,
}) => {
  await page.goto('/');
  await layRuns(page, {
    cut: { record: RECORD.slice(0, 40), checkpoints: [3] },
    empty: { record: '', checkpoints: [3, 4] },
    flipped: { record: RECORD.replace('"steps"', '"stepr"'), checkpoints: [3, 4, 5] },
    missing: { checkpoints: [3, 4, 5, 6] },
    cutWithoutCheckpoint: { record: RECORD.slice(0, 30) },
    begun: { record: '' },
    nothing: { checkpoints: [] },
  });
  await openTuning(page);
  const kept = ['cut', 'cutWithoutCheckpoint', 'empty', 'flipped', 'missing'];
  await expect.poll(() => lyingRuns(page)).toEqual(kept);
  const lines = unreadable(page).getByRole('listitem');
  await expect(lines).toHaveCount(kept.length);
  for (const line of await lines.all()) await expect(line).toContainText('files are damaged');
  expect(await violations(page)).toEqual([]);
  await page.reload();
  await unreadable(page).getByRole('button', { name: 'Delete (50 bytes)' }).click();
  await expect(page.getByText('The damaged run was deleted.')).toBeVisible();
  await expect(lines).toHaveCount(kept.length - 1);
  expect(await lyingRuns(page)).toEqual(kept.filter((id) => id !== 'cut'));
});

test('a run that another tab removes while the list is read leaves the others there', async ({
  page,
}) => {
  await page.goto('/');
  await layRuns(page, {
    gone: { record: RECORD, checkpoints: [2] },
    pruned: { record: RECORD, checkpoints: [3, 4] },
    whole: { record: RECORD, checkpoints: [5] },
  });
  // The list is read in this page: the other tab's removals come between its steps.
  await page.addInitScript(() => {
    const { prototype } = FileSystemDirectoryHandle;
    const { keys } = prototype;
    let isFirst = true;
    prototype.keys = async function* (this: FileSystemDirectoryHandle) {
      const names: string[] = [];
      for await (const name of keys.call(this)) names.push(name);
      const newest = 'step-00000004.safetensors';
      if (names.includes(newest)) await this.removeEntry(newest);
      if (this.name === 'runs' && isFirst) {
        isFirst = false;
        await this.removeEntry('gone', { recursive: true });
      }
      yield* names;
    } as typeof keys;
  });
  await openTuning(page);
  await expect(resumable(page).getByRole('listitem')).toHaveText([
    /after step [35] of 14 steps/,
    /after step [35] of 14 steps/,
  ]);
  expect(await lyingRuns(page)).toEqual(['pruned', 'whole']);
});

for (const [language, region, button, line] of [
  ['en', /that can be resumed/, 'Resume', 'This run is gone: another tab deleted it, or'],
  ['de', /der weitergehen kann/, 'Fortsetzen', 'Diesen Lauf gibt es nicht mehr: Ein anderer Tab'],
] as const)
  test(`a run that another tab deleted meanwhile is refused in a line of ours (${language})`, async ({
    browser,
    server,
  }) => {
    const context = await browser.newContext({ locale: language });
    const page = await context.newPage();
    const open = async (tab: Page) => {
      await tab.goto(`${server.url}?view=train`);
      await expect(tab.getByRole('region', { name: region })).toBeVisible();
    };
    await page.goto(server.url);
    await layRuns(page, { one: { record: RECORD, checkpoints: [5] } });
    await open(page);
    const other = await context.newPage();
    await open(other);
    await other.getByRole('region', { name: region }).getByRole('button').last().click();
    await expect(other.getByRole('region', { name: region })).toHaveCount(0);
    await page.getByRole('region', { name: region }).getByRole('button', { name: button }).click();
    await expect(page.getByRole('status').filter({ hasText: line })).toBeVisible();
    await expect(page.getByRole('alert')).toHaveCount(0);
    await expect(page.getByRole('button', { name: button })).toHaveCount(0);
    await context.close();
  });

test('a run that is deleted after its Resume was pressed is refused in the same line', async ({
  page,
}) => {
  await page.goto('/');
  await layRuns(page, { one: { record: RECORD, checkpoints: [5] } });
  await openTuning(page);
  // It is taken by its lock; what another tab does comes just before that.
  await page.evaluate(() => {
    const { request } = LockManager.prototype;
    LockManager.prototype.request = async function (this: LockManager, ...given: never) {
      const root = await navigator.storage.getDirectory();
      const runs = await root.getDirectoryHandle('runs');
      await runs.removeEntry('one', { recursive: true }).catch(() => undefined);
      return await (request as (...given: never) => Promise<never>).apply(this, given);
    } as typeof request;
  });
  await resume(page).click();
  await expect(page.getByRole('alert')).toHaveText(/^This run is gone: another tab deleted it, or/);
  await expect(resumable(page)).toBeHidden();
});
