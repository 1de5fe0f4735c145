import { expect, open, test } from '../page/page-test.ts';

test.use({
  viewport: { width: 1280, height: 1080 },
  locale: 'en-US',
  colorScheme: 'light',
  contextOptions: { reducedMotion: 'reduce' },
});

test('docs/screenshot.png, after a real run of the quick tier and with the speed measured', async ({
  page,
}) => {
  await open(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 900_000 });
  await expect(page.getByRole('heading', { name: /^Yes/ })).toBeVisible();
  const roofline = page.getByRole('region', { name: /^Roofline/ }).getByRole('img');
  await expect(roofline, 'the speed is measured').toBeVisible({ timeout: 900_000 });
  await expect(page.getByText('not measured yet')).toHaveCount(0);
  await page.getByRole('heading', { level: 1 }).hover();
  await page.screenshot({ path: 'docs/screenshot.png' });
});
