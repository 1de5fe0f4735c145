import { HiddenTab } from './hidden-tab.ts';
import { expect, test } from './page-test.ts';

test('a check that ran in a hidden tab says that its time means nothing', { tag: '@long' }, async ({
  browser,
  server,
}) => {
  const tab = await HiddenTab.open(browser, `${server.url}?filter=ops.nn.silu:legal;*`);
  await expect.poll(() => tab.evaluate('document.visibilityState')).toBe('hidden');
  await expect.poll(() => tab.text()).toContain('Found:');
  await expect.poll(() => tab.click('Run')).toBe(true);
  await expect.poll(() => tab.text()).toContain('checks are right');
  await expect.poll(() => tab.click('legal')).toBe(true);
  await expect.poll(() => tab.text()).toContain('this tab was hidden while the case ran');
});

test('a fine-tuning goes on in a hidden tab, to its end', { tag: '@long' }, async ({
  browser,
  server,
}) => {
  const tab = await HiddenTab.open(browser, `${server.url}?view=train`);
  await expect.poll(() => tab.evaluate('document.visibilityState')).toBe('hidden');
  await expect.poll(() => tab.fill('Steps', '6'), { timeout: 30_000 }).toBe(true);
  await expect.poll(() => tab.text(), { timeout: 30_000 }).toContain('of graphics memory');
  await expect.poll(() => tab.click('Start'), { timeout: 30_000 }).toBe(true);
  await expect.poll(() => tab.text(), { timeout: 240_000 }).toContain('Start again');
  expect(await tab.text()).toContain('Checkpoint after 6 steps');
  expect(await tab.evaluate('document.visibilityState')).toBe('hidden');
});
