import type { Page } from '@playwright/test';
import { violations } from './axe.ts';
import { crash } from './killable-browser.ts';
import { begin, beginHere, learnt, load, resumable, unsaved } from './learnt-run.ts';
import { expect, test } from './page-test.ts';
import { lyingRuns } from './stored-runs.ts';
import { ended, openTuning, QUICK, saved, startAgain } from './tune-page.ts';

const SETTINGS = {
  ...{ ...QUICK, max_steps: 6, max_length: 32 },
  ...{ type: 'qlora', lora: { r: 4, lora_alpha: 8 } },
};

/** The log as it is saved: what each step took is in it, and no step that is made anew takes that. */
const logOf = async (page: Page) => (await saved(page, 'Save the log (JSON lines)')).toString();

test('a run that made its last step before its tab crashed gives its result anew, and makes no step', {
  tag: '@long',
}, async ({ page, context }) => {
  const first = await context.newPage();
  await begin(first, SETTINGS);
  await ended(first);
  await expect(unsaved(first), 'its result is shown').toBeHidden();
  const log = await logOf(first);
  const weights = await saved(first, /^Save adapter_model\.safetensors/);
  await openTuning(page);
  await expect(unsaved(page)).toContainText('Its result is open in another tab.');
  await expect(unsaved(page).getByRole('button')).toHaveCount(0);
  await crash(first);

  await page.reload();
  await expect(unsaved(page)).toContainText(
    /made all 6 steps; its result was not saved · loss \d+\.\d\d · saved .* ago/,
  );
  await expect(resumable(page)).toHaveCount(0);
  expect(await violations(page)).toEqual([]);
  await load(page).click();
  await ended(page);
  await expect(unsaved(page)).toBeHidden();
  expect(await logOf(page)).toBe(log);
  expect((await saved(page, /^Save adapter_model\.safetensors/)).equals(weights)).toBe(true);
  // Its model answers, by what it learnt.
  await expect(page.locator('gp-ask-model')).toContainText('After 6 steps');
  expect(await lyingRuns(page), 'no person has all of it').toHaveLength(1);

  await page.getByRole('button', { name: 'Keep this run' }).click();
  await expect(page.getByText('This run is kept.')).toBeVisible();
  await expect.poll(() => lyingRuns(page)).toEqual([]);
});

test('the checkpoints of a run that has ended go when its adapter is saved, and when the next begins', {
  tag: '@long',
}, async ({ page }) => {
  await begin(page, SETTINGS);
  await ended(page);
  const [id] = await lyingRuns(page);
  expect(id).toBeDefined();
  await startAgain(page).click();
  await expect(page.getByRole('button', { name: 'Stop and keep' })).toBeVisible();
  await ended(page);
  const after = await lyingRuns(page);
  expect(after).toHaveLength(1);
  expect(after).not.toContain(id);
  await learnt(page);
  await expect.poll(() => lyingRuns(page)).toEqual([]);
});

test('a result that is not saved is deleted from the list', { tag: '@long' }, async ({
  page,
  context,
}) => {
  const first = await context.newPage();
  await openTuning(first);
  await beginHere(first, SETTINGS);
  await ended(first);
  await first.close();
  await openTuning(page);
  await unsaved(page)
    .getByRole('button', { name: /^Delete \(\d.*[kM]B\)$/ })
    .click();
  await expect(page.getByText(/^Gradproof’s small model, .* was deleted\.$/)).toBeVisible();
  expect(await lyingRuns(page)).toEqual([]);
});
