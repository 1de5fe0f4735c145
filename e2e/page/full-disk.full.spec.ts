import type { Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { KillableBrowser } from './killable-browser.ts';
import { begin, learnt, resume, trained } from './learnt-run.ts';
import { answerOf, expect } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { openTuning, QUICK, reach, stepOf } from './tune-page.ts';

/** Its checkpoints take some hundred kilobytes. */
const SETTINGS = { ...QUICK, eval_steps: 2, type: 'lora', lora: { r: 16, lora_alpha: 16 } };

/** As long as a few steps take on a computer that does much else. */
const SLOW_MS = 600_000;

/** Lets the page keep this much more than it does, in bytes: less than a checkpoint takes. */
const ROOM = 2 ** 17;

/** Leaves so little room; a quota is lifted where its page goes elsewhere, or is closed. */
async function fillUp(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  const { usage } = await session.send('Storage.getUsageAndQuota', { origin });
  const quotaSize = usage + ROOM;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
}

/** Lines of what happened to the run that is shown. */
const happened = (page: Page) =>
  page.getByRole('list', { name: /^What happened/ }).getByRole('listitem');

test(
  'a run whose checkpoints do not fit goes on without them, and says what is free',
  covers('tb.recovery.disk-space-exhaustion/quota-warning').control('it says nothing of it', {
    file: 'src/train/llama/run-keeping.ts',
    from: 'return isNews ? [{',
    to: 'return isNews && step < 0 ? [{',
  }),
  async ({ folder, server }) => {
    // A private window writes past its quota.
    await using browser = await KillableBrowser.start(folder);
    const page = await browser.newPage();
    await begin(page, SETTINGS, server.url);
    await expect(page.getByRole('progressbar')).toBeVisible();
    await fillUp(page);
    const { steps, adapter } = await learnt(page);
    expect(trained({ steps, adapter })).toHaveLength(QUICK.max_steps);
    await expect(answerOf(page)).toHaveText('It learnt, on a processor.');
    const told = page.getByText(/^What happened/);
    await expect(told).toBeVisible();
    await told.click();
    await expect(happened(page)).toHaveText([
      /No checkpoint after \d steps: ?step-\d+\.safetensors \(\d+ bytes\) does not fit, and about \d+ bytes are free: the disk, or/,
    ]);
  },
);

test('a run that a full disk and a closed tab met goes on from the last checkpoint, to the same bits', async ({
  folder,
  server,
}) => {
  test.setTimeout(3 * SLOW_MS);
  await using browser = await KillableBrowser.start(folder);
  const settings = {
    ...{ ...SETTINGS, max_steps: 18, eval_steps: 3 },
    ...{ max_length: 32, learning_rate: 0.002 },
  };
  const cut = await browser.newPage();
  await begin(cut, settings, server.url);
  const told = cut.getByText(/^What happened/);
  await told.waitFor({ timeout: SLOW_MS });
  await fillUp(cut);
  await told.click();
  await expect(happened(cut).filter({ hasText: 'does not fit' })).toBeVisible({
    timeout: SLOW_MS,
  });
  await reach(cut, (await stepOf(cut)) + 1);
  expect(await stepOf(cut)).toBeLessThan(settings.max_steps);
  const lines = await happened(cut).allTextContents();
  const written = /Checkpoint after (\d+) steps/.exec(lines.join());
  await cut.close();

  const next = await browser.newPage();
  await openTuning(next, server.url);
  await resume(next).click();
  const resumed = await learnt(next);
  await next.getByText(/^What happened/).click();
  await expect(happened(next).filter({ hasText: 'Resumed from' })).toContainText(
    `Resumed from the checkpoint after ${written?.[1]} steps.`,
  );
  await expect(happened(next).filter({ hasText: 'does not fit' })).toHaveCount(0);

  const page = await browser.newPage();
  await begin(page, settings, server.url);
  const whole = await learnt(page);
  expect(trained(whole)).toHaveLength(settings.max_steps);
  expect(trained(resumed)).toEqual(trained(whole));
  expect(resumed.adapter).toBe(whole.adapter);
});
