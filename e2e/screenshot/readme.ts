import { expect, open, test } from '../page/page-test.ts';

test.use({
  viewport: { width: 840, height: 1240 },
  colorScheme: 'light',
  contextOptions: { reducedMotion: 'reduce' },
});

test('docs/screenshot.png, after a real run of the quick tier', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 240_000 });
  await expect(page.getByRole('heading', { name: /^Yes/ })).toBeVisible();
  await page.getByRole('button', { name: 'Details' }).click();
  await page.getByRole('heading', { level: 1 }).hover();
  await page.screenshot({ path: 'docs/screenshot.png' });
});
