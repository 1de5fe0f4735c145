import { HiddenTab } from './hidden-tab.ts';
import { expect, test } from './page-test.ts';

test('a check that ran in a hidden tab says that its time means nothing', async ({
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
