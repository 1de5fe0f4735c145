import type { Page } from '@playwright/test';
import { occupy } from '../../src/cli/runtime/fixtures/occupy.ts';
import { KillableBrowser } from './killable-browser.ts';
import { begin, type Learnt, learnt, trained } from './learnt-run.ts';
import { atNextCommand } from './next-command.ts';
import { expect } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { QUICK, reach } from './tune-page.ts';

/** A run that says nothing for long: its computer sleeps, or its device computes something endless. */

test.skip(process.platform === 'win32', 'a process cannot be stopped there');

const HANG_SECONDS = 3;
/** Far longer than what counts as a hang. */
const ASLEEP_MS = 20_000;

const SETTINGS = {
  ...{ ...QUICK, max_steps: 30, eval_steps: 3, max_length: 32, learning_rate: 0.002 },
  ...{ type: 'lora', lora: { r: 4, lora_alpha: 8, lora_dropout: 0.1 } },
  recovery: { hang_seconds: HANG_SECONDS },
};

/** A run to which something is done after its twelfth step: what it left, and what it told of it. */
async function play(
  folder: string,
  base: string,
  interrupt: (browser: KillableBrowser, page: Page) => Promise<void>,
): Promise<{ readonly left: Learnt; readonly told: string }> {
  await using browser = await KillableBrowser.start(folder);
  const page = await browser.newPage();
  await begin(page, SETTINGS, base);
  await expect(page.getByRole('progressbar')).toBeVisible();
  await reach(page, 12);
  await interrupt(browser, page);
  const left = await learnt(page);
  await page.getByText(/^What happened/).click();
  const told = await page.getByRole('list', { name: /^What happened/ }).allTextContents();
  return { left, told: told.join('\n') };
}

test.describe.configure({ mode: 'serial' });
test.setTimeout(600_000);
/** What a run leaves to which nothing is done; any of these tests may be drawn alone. */
let whole: Learnt;
test.beforeAll(async ({ folder, server }) => {
  ({ left: whole } = await play(folder, server.url, async () => {}));
});

test('a run that sleeps goes on where it was', async ({ folder, server }) => {
  const { left, told } = await play(folder, server.url, (browser) => browser.sleep(ASLEEP_MS));
  expect(told).not.toContain('Interrupted');
  expect(trained(left)).toEqual(trained(whole));
  expect(left.adapter).toBe(whole.adapter);
});

test('one whose device is gone when it wakes goes on from its last checkpoint', async ({
  folder,
  server,
}) => {
  const { left, told } = await play(folder, server.url, (browser) =>
    browser.sleep(ASLEEP_MS, /--type=gpu-process/),
  );
  expect(told).toMatch(/Interrupted after \d+ steps:.*the GPU device was lost/s);
  expect(told).toMatch(/Resumed from the checkpoint after \d+ steps/);
  expect(trained(left)).toEqual(trained(whole));
  expect(left.adapter).toBe(whole.adapter);
});

test('one whose submit hangs goes on from its last checkpoint', async ({ folder, server }) => {
  const { left, told } = await play(folder, server.url, (_, page) => atNextCommand(page, occupy));
  expect(told).toMatch(/Interrupted after \d+ steps:.*no word from the worker for/s);
  expect(told).toMatch(/Resumed from the checkpoint after \d+ steps/);
  expect(trained(left)).toEqual(trained(whole));
  expect(left.adapter).toBe(whole.adapter);
});
