import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { violations } from './axe.ts';
import { crash, KillableBrowser } from './killable-browser.ts';
import { begin, kept, learnt, resumable, resume, trained } from './learnt-run.ts';
import { answerOf, expect } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { staticHost } from './static-host.ts';
import { layRuns, lyingRuns } from './stored-runs.ts';
import { ended, MODEL, openTuning, QUICK, start, takeSettings } from './tune-page.ts';

/** Long enough to be cut off after a checkpoint, which the smallest held-out loss so far makes. */
const LONG = {
  ...{ ...QUICK, max_steps: 14, eval_steps: 3, max_length: 32, learning_rate: 0.002 },
  ...{ type: 'qlora', lora: { r: 4, lora_alpha: 8 } },
};

test('a run whose tab is closed, then whose renderer crashes, is resumed to the same bits', {
  tag: '@full',
}, async ({ page, context }) => {
  await begin(page, LONG);
  const whole = await learnt(page);
  await expect(resumable(page), 'what made its last step is not resumed').toBeHidden();

  const first = await context.newPage();
  await begin(first, LONG);
  await kept(first);
  await first.close();

  const second = await context.newPage();
  await openTuning(second);
  await expect(resumable(second)).toContainText(
    /after step \d+ of 14 steps · loss \d+\.\d\d · saved .* ago/,
  );
  expect(await violations(second)).toEqual([]);
  await resume(second).click();
  await expect(second.getByRole('button', { name: 'Stop and keep' })).toBeFocused();
  await second.getByText('What happened (2)').waitFor();
  await crash(second);

  const third = await context.newPage();
  await openTuning(third);
  await resume(third).press('Enter');
  expect(await learnt(third)).toEqual(whole);
  await expect(answerOf(third)).toHaveText('It learnt, on a processor.');
  await third.getByText(/^What happened/).click();
  const lines = third.getByRole('list', { name: /^What happened/ }).getByRole('listitem');
  await expect(
    lines.filter({ hasText: /Resumed from the checkpoint after \d+ steps?\./ }),
  ).toHaveCount(2);
  await expect(resumable(third)).toBeHidden();
});

test('a run that is paused before its first checkpoint makes one, and none is promised before', {
  tag: '@long',
}, async ({ page, context }) => {
  const paused = await context.newPage();
  await begin(paused, { ...QUICK, max_steps: 1000, eval_steps: 1000 });
  const promise = paused.getByText(/can be resumed here/);
  await expect(promise).toHaveText(/^Its first checkpoint comes after a minute/);
  await paused.getByRole('button', { name: 'Pause' }).click({ timeout: 90_000 });
  await expect(paused.getByText(/^Paused after/)).toBeVisible({ timeout: 20_000 });
  await expect(promise).toHaveText(/^Its checkpoints stay in this browser/);
  await paused.close();
  await openTuning(page);
  await expect(resumable(page)).toContainText(/after step \d+ of 1,000 steps/);
});

test('a run whose last checkpoint is damaged says so, and goes on from the one before to the same bits', {
  tag: '@full',
}, async ({ page, context }) => {
  const settings = { ...LONG, max_steps: 20 };
  await begin(page, settings);
  const whole = await learnt(page);

  const cut = await context.newPage();
  await begin(cut, settings);
  await cut.getByText('What happened (2)').waitFor();
  await cut.close();
  const name = await damageNewest(page);

  const next = await context.newPage();
  await openTuning(next);
  await resume(next).click();
  expect(await learnt(next)).toEqual(whole);
  await next.getByText(/^What happened/).click();
  const lines = next.getByRole('list', { name: /^What happened/ }).getByRole('listitem');
  const leftOut = new RegExp(
    `A checkpoint after more than \\d+ steps is left out: ?${name}: .*SHA-256`,
  );
  await expect(lines.filter({ hasText: leftOut })).toHaveCount(1);
});

/** Changes a bit of the newest checkpoint of the one run that is kept; its name. */
const damageNewest = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const runs = await root.getDirectoryHandle('runs');
    const namesIn = async (folder: FileSystemDirectoryHandle) => {
      const names: string[] = [];
      for await (const each of folder.keys()) names.push(each);
      return names.sort();
    };
    const [id = ''] = await namesIn(runs);
    const run = await runs.getDirectoryHandle(id);
    const checkpoints = await run.getDirectoryHandle('checkpoints');
    const whole = (await namesIn(checkpoints)).filter((each) => each.endsWith('.safetensors'));
    const name = whole.at(-1) ?? '';
    const file = await checkpoints.getFileHandle(name);
    const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer());
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const stream = await file.createWritable();
    await stream.write(bytes);
    await stream.close();
    return name;
  });

test('a run whose browser is killed is resumed to the same bits, and one that was stopped goes on too', {
  tag: '@full',
}, async ({ folder, server }) => {
  {
    await using browser = await KillableBrowser.start(folder);
    const killed = await browser.newPage();
    await begin(killed, LONG, server.url);
    await kept(killed);
    await browser.kill();
  }
  await using browser = await KillableBrowser.start(folder);
  const again = await browser.newPage();
  await openTuning(again, server.url);
  await resume(again).click();
  await again.getByText('What happened (2)').waitFor();
  await again.getByRole('button', { name: 'Stop and keep' }).click();
  await ended(again);
  await expect(resumable(again)).toContainText('of 14 steps');
  await resume(again).click();
  // What the stopped run left is there until then.
  await expect(again.getByRole('button', { name: 'Stop and keep' })).toBeVisible();
  const resumed = await learnt(again);

  const page = await browser.newPage();
  await begin(page, LONG, server.url);
  const whole = await learnt(page);
  // Where it was stopped a held-out loss was measured besides.
  expect(trained(resumed)).toEqual(trained(whole));
  expect(resumed.adapter).toBe(whole.adapter);
});

test('a run that goes on in one tab cannot be had in another', { tag: '@long' }, async ({
  page,
  context,
}) => {
  await begin(page, LONG);
  await kept(page);
  const other = await context.newPage();
  await openTuning(other);
  await expect(resumable(other)).toContainText('It goes on in another tab.');
  await expect(resumable(other).getByRole('button')).toHaveCount(0);
  await page.close();
  await other.reload();
  await expect(resume(other)).toBeEnabled();
  // A third tab has it by now, which this one has not seen yet.
  const third = await context.newPage();
  await openTuning(third);
  await resume(third).click();
  await expect(third.getByRole('button', { name: 'Stop and keep' })).toBeVisible();
  await resume(other).click();
  await expect(other.getByRole('alert')).toHaveText(/^this run goes on in another tab/);
  await expect(resumable(other)).toContainText('It goes on in another tab.');
});

test('runs that can be resumed say how large they are, and are deleted', { tag: '@long' }, async ({
  page,
  context,
}) => {
  const first = await context.newPage();
  await begin(first, LONG);
  await kept(first);
  await first.close();
  await openTuning(page);
  const remove = resumable(page).getByRole('button', { name: /^Delete \(\d.*[kM]B\)$/ });
  await remove.click();
  await expect(page.getByText(/^Gradproof’s small model, .* was deleted\.$/)).toBeVisible();
  await expect(remove).toHaveCount(0);
  expect(await lyingRuns(page)).toEqual([]);
});

test('a run in parts is refused in a line where a page is not isolated', {
  tag: '@full',
}, async ({ browser }) => {
  await using host = await staticHost('dist/page');
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  await openTuning(page, host.url);
  await takeSettings(page, LONG);
  await page.getByLabel('Workers that train together').selectOption('2');
  await expect(page.getByText(/They exchange messages, .*\(FULL_SHARD\)/)).toBeVisible();
  await page.getByLabel('Each of them holds').selectOption('shard_grad_op');
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await kept(page);
  await page.close();
  // As it was begun when the page was isolated.
  const next = await context.newPage();
  await next.goto(host.url);
  await next.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const runs = await root.getDirectoryHandle('runs');
    for await (const id of runs.keys()) {
      const record = await (await runs.getDirectoryHandle(id)).getFileHandle('run.json');
      const text = await (await record.getFile()).text();
      const stream = await record.createWritable();
      await stream.write(text.replace('shard_grad_op', 'full_shard'));
      await stream.close();
    }
  });
  await openTuning(next, host.url);
  await resume(next).click();
  await expect(next.getByRole('alert')).toHaveText(
    'full_shard reads what other ranks have in memory that they share, and there is none: take shard_grad_op',
  );
  await expect(start(next)).toHaveAttribute('aria-disabled', 'true');
  await context.close();
});

test('a run of another version of the page says so, and is deleted', async ({ page }) => {
  await page.goto('/');
  await layRuns(page, { later: { record: JSON.stringify({ version: 2 }) } });
  await openTuning(page);
  const others = page.getByRole('region', { name: 'Runs that this page cannot read' });
  await expect(others).toContainText('this one cannot go on with it');
  expect(await violations(page)).toEqual([]);
  await others.getByRole('button', { name: 'Delete (13 bytes)' }).click();
  await expect(page.getByText('The run of another version was deleted.')).toBeVisible();
  await page.reload();
  await expect(start(page)).toBeEnabled();
  await expect(others).toHaveCount(0);
});

test('a run over a folder of one’s own asks for it again, and refuses another', {
  tag: '@full',
}, async ({ page, context, folder }) => {
  const first = await context.newPage();
  await first.goto('/?view=train');
  await first.getByRole('radio', { name: 'A folder of yours' }).check();
  await first.getByLabel('Choose a folder').setInputFiles(MODEL);
  await first.getByLabel('Choose a data file').setInputFiles({
    name: 'foxes.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('The fox ran home. '.repeat(400)),
  });
  await takeSettings(first, LONG);
  await expect(start(first)).toBeEnabled();
  await start(first).click();
  await kept(first);
  await first.close();

  await page.goto('/?view=train');
  await expect(resumable(page)).toContainText('foxes.txt');
  await expect(resumable(page)).toContainText('To resume it, choose model again.');
  const other = join(folder, 'model');
  await cp(MODEL, other, { recursive: true });
  const weights = await readFile(join(other, 'model.safetensors'));
  weights[weights.length - 1] = (weights.at(-1) ?? 0) ^ 1;
  await writeFile(join(other, 'model.safetensors'), weights);
  const choose = resumable(page).getByLabel('Choose the folder and resume');
  await choose.setInputFiles(other);
  await expect(page.getByText(/the weights of the model are others/)).toBeVisible();
  await choose.setInputFiles(MODEL);
  await ended(page);
  await expect(answerOf(page)).toHaveText('It learnt, on a processor.');
});
