import type { Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { stepOfName } from '../../src/train/checkpoint/run-checkpoint.ts';
import { KillableBrowser } from './killable-browser.ts';
import { begin, kept, learnt, resumable, resume, trained } from './learnt-run.ts';
import { answerOf, expect } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { ended, openTuning, QUICK } from './tune-page.ts';

/** Its checkpoints take some hundred kilobytes. */
const SETTINGS = { ...QUICK, eval_steps: 2, type: 'lora', lora: { r: 16, lora_alpha: 16 } };
/** Its held-out loss falls often, and a checkpoint is made wherever it does. */
const LONGER = { ...SETTINGS, max_steps: 14, max_length: 32, learning_rate: 0.002 };

test(
  'a run whose checkpoints do not fit goes on without them, and says what is free',
  covers('tb.recovery.disk-space-exhaustion/quota-warning').control('it says nothing of it', {
    file: 'src/train/llama/run-keeping.ts',
    from: 'return isNews ? [history.add(failed)] : [];',
    to: 'return [];',
  }),
  async ({ folder, server }) => {
    // A private window writes past its quota.
    await using browser = await KillableBrowser.start(folder);
    const page = await browser.newPage();
    await begin(page, SETTINGS, server.url);
    await expect(page.getByRole('progressbar')).toBeVisible();
    await leaveRoom(page, 2 ** 17);
    const { steps, adapter } = await learnt(page);
    expect(trained({ steps, adapter })).toHaveLength(QUICK.max_steps);
    await expect(answerOf(page)).toHaveText('It learnt, on a processor.');
    const told = page.getByText(/^What happened/);
    await expect(told).toBeVisible();
    await told.click();
    const lines = page.getByRole('list', { name: /^What happened/ }).getByRole('listitem');
    await expect(lines).toHaveText([
      /No checkpoint after \d steps: ?step-\d+\.safetensors \(\d+ bytes\) does not fit, and about \d+ bytes are free: the disk, or/,
    ]);
  },
);

test('a run that meets a full disk in mid-write resumes from its last whole checkpoint, to the same bits', async ({
  folder,
  server,
}) => {
  await using browser = await KillableBrowser.start(folder);
  const page = await browser.newPage();
  await begin(page, LONGER, server.url);
  const whole = await learnt(page);

  const cut = await browser.newPage();
  await begin(cut, LONGER, server.url);
  await kept(cut);
  // It waits meanwhile, so that no checkpoint comes between.
  await cut.getByRole('button', { name: 'Pause' }).click();
  await expect(cut.getByText(/^Paused after/)).toBeVisible();
  const before = await checkpointsOf(cut);
  const [last] = before.toReversed() as [Kept, ...Kept[]];
  // Where one does not fit all but the last make room for it, which has to be too little then, too.
  const older = before.reduce((sum, { bytes }) => sum + bytes, -last.bytes);
  await leaveRoom(cut, 2 ** 17 - older);
  await cut.getByRole('button', { name: 'Go on' }).click();
  // When others are due is a matter of time; where it is stopped there is one.
  await cut.getByRole('button', { name: 'Stop and keep' }).click();
  await ended(cut);
  await cut.getByText(/^What happened/).click();
  const lines = cut.getByRole('list', { name: /^What happened/ }).getByRole('listitem');
  await expect(lines.filter({ hasText: /No checkpoint after \d+ steps?:/ })).toHaveCount(1);
  const after = await checkpointsOf(cut);
  expect(after.at(-1)).toEqual(last);
  expect(before).toEqual(expect.arrayContaining([...after]));
  await cut.close();

  const again = await browser.newPage();
  await openTuning(again, server.url);
  await expect(resumable(again)).toContainText(
    new RegExp(`after step ${last.step} of 14 steps · loss \\d+\\.\\d\\d · saved .* ago`),
  );
  await resume(again).click();
  const resumed = await learnt(again);
  expect(trained(resumed)).toEqual(trained(whole));
  expect(resumed.adapter).toBe(whole.adapter);
});

/** Lets the page write so many bytes more, until its tab is closed or goes elsewhere. */
async function leaveRoom(page: Page, bytes: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  const { usage } = await session.send('Storage.getUsageAndQuota', { origin });
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + bytes });
}

/** A file of a checkpoint. */
interface Kept {
  readonly step: number;
  readonly bytes: number;
}

/** The files of the one run that is kept, by their steps; one that is no checkpoint has none. */
async function checkpointsOf(page: Page): Promise<readonly Kept[]> {
  const files = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const found: { name: string; bytes: number }[] = [];
    for await (const run of (await root.getDirectoryHandle('runs')).values())
      if (run.kind === 'directory')
        for await (const file of (await run.getDirectoryHandle('checkpoints')).values())
          if (file.kind === 'file')
            found.push({ name: file.name, bytes: (await file.getFile()).size });
    return found;
  });
  return files
    .map(({ name, bytes }) => ({ step: stepOfName(name) ?? Number.NaN, bytes }))
    .sort((a, b) => a.step - b.step);
}
