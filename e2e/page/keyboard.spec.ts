import { expect, open, test } from './page-test.ts';

test('a run and its details without a mouse', async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  const tabTo = async (name: RegExp) => {
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Tab');
      const button = page.getByRole('button', { name }).first();
      if (await button.evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element)) return;
    }
    throw new Error(`no button ${name} within 20 tabs`);
  };
  await tabTo(/^Run$/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 60_000 });
  await tabTo(/^ops\.nn\.silu /);
  await page.keyboard.press('Space');
  await tabTo(/^legal;/);
  await page.keyboard.press('Space');
  await expect(page.getByText('Numbers compared')).toBeVisible();
});

test('the focus stays where it is when Run becomes Stop', async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await page.getByRole('button', { name: 'Run', exact: true }).press('Enter');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeFocused({ timeout: 60_000 });
});

test('a screen reader is told the answer', async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await page.getByRole('button', { name: 'Run', exact: true }).press('Enter');
  await expect(page.locator('gp-app > [role=status], gp-app [role=status]').last()).toHaveText(/checks are right/, { timeout: 60_000 });
});
