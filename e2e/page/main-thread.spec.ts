import { expect, open, rowOf, runToEnd, test } from './page-test.ts';
import { LONG_TASK_MS, longTasksDuring } from './trace.ts';

test('no task of a visit with a run holds the main thread for 50 ms of processor time', {
  tag: '@long',
}, async ({ page }) => {
  const found = await longTasksDuring(page, async () => {
    await open(page, '/?filter=ops.nn.silu:*');
    await runToEnd(page);
    await rowOf(page, /^legal/).click();
    await page.getByRole('button', { name: 'Share…' }).click();
    await expect(
      page.getByRole('dialog').getByRole('textbox', { name: 'Link', exact: true }),
    ).toHaveValue(/#/);
  });
  expect(found).toEqual([]);
});

test('a task that is too long is seen', { tag: '@full' }, async ({ page }) => {
  await open(page);
  const [longest] = await longTasksDuring(page, async () => {
    await page.waitForTimeout(3000); // a trace must not be full by then
    await page.evaluate((ms) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    }, 20 * LONG_TASK_MS);
  });
  expect(longest?.cpuMs).toBeGreaterThan(LONG_TASK_MS);
});
