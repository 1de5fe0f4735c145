import type { Page } from '@playwright/test';
import { begin } from './learnt-run.ts';
import { expect, test } from './page-test.ts';
import { QUICK } from './tune-page.ts';

/** Says for the person whether the browser may keep what this page stores. */
async function decide(page: Page, origin: string, setting: 'granted' | 'denied'): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const permission = { name: 'persistent-storage' };
  const { targetInfo } = await session.send('Target.getTargetInfo');
  const { browserContextId = '' } = targetInfo;
  await session.send('Browser.setPermission', { permission, setting, origin, browserContextId });
}

for (const [setting, words] of [
  ['granted', /it can be resumed here\.$/],
  ['denied', /The browser may delete them when the disk is nearly full\.$/],
] as const)
  test(`a run asks that its checkpoints last, and says so where that is ${setting}`, {
    tag: '@long',
  }, async ({ page, server }) => {
    await decide(page, new URL(server.url).origin, setting);
    await begin(page, { ...QUICK, max_steps: 1000, eval_steps: 1000 });
    // A pause makes the first checkpoint.
    await page.getByRole('button', { name: 'Pause' }).click({ timeout: 90_000 });
    await expect(page.getByText(/^Its checkpoints stay in this browser/)).toHaveText(words);
    expect(await page.evaluate(() => navigator.storage.persisted())).toBe(setting === 'granted');
  });
