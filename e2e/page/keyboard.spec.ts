import { expect, open, test } from './page-test.ts';

test('a run and its details without a mouse', async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  const tabTo = async (name: RegExp, role: 'button' | 'treeitem' = 'button') => {
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab');
      const button = page.getByRole(role, { name }).first();
      if (
        await button.evaluate(
          (element) => (element.getRootNode() as ShadowRoot).activeElement === element,
        )
      )
        return;
    }
    throw new Error(`no button ${name} within 20 tabs`);
  };
  await tabTo(/^Run$/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
  await tabTo(/^ops\.nn\.silu, /, 'treeitem');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Numbers compared')).toBeVisible();
});

test('the focus stays where it is when Run becomes Stop', async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await page.getByRole('button', { name: 'Run', exact: true }).press('Enter');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeFocused();
});

test('keys press their controls, not while one types, and can be turned off', async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  const query = page.getByRole('combobox', { name: 'Which checks' });
  await expect(query).toBeVisible();
  await page.keyboard.press('/');
  await expect(query).toBeFocused();
  await page.keyboard.press('End');
  await page.keyboard.type('r?');
  await expect(query).toHaveValue('ops.nn.silu:legal;*r?');
  await expect(page.getByRole('dialog')).toBeHidden();
  await query.fill('ops.nn.silu:legal;*');
  await page.getByRole('link', { name: 'Fine-tune' }).focus();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard' });
  await expect(sheet).toContainText('run, or stop');
  await page.keyboard.press('2');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Can this computer/);
  await sheet.getByRole('checkbox').uncheck();
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await page.keyboard.press('2');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Can this computer/);
  await page.getByRole('button', { name: 'Keyboard' }).click();
  await sheet.getByRole('checkbox').check();
  await page.keyboard.press('Escape');
  await page.keyboard.press('2');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Fine-tune a model/);
  await page.keyboard.press('1');
  await page.keyboard.press('r');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
});

test('keys open the details where they are closed, and bring them in sight', async ({ page }) => {
  await open(page);
  const query = page.getByRole('combobox', { name: 'Which checks' });
  const title = page.getByRole('button', { name: 'Details', exact: true });
  await page.setViewportSize({ width: 1280, height: 400 });
  await expect(title).not.toBeInViewport();
  await page.keyboard.press('d');
  await expect(query).toBeInViewport();
  await expect(title).toBeInViewport();
  await page.keyboard.press('d');
  await expect(query).toBeHidden();
  await page.evaluate(() => window.scrollTo({ top: 0 }));
  await page.keyboard.press('/');
  await expect(query).toBeFocused();
  await expect(query).toBeInViewport();
  await expect(query, 'the key is not typed').toHaveValue('');
});

test('a screen reader is told the answer', async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await page.getByRole('button', { name: 'Run', exact: true }).press('Enter');
  await expect(page.locator('gp-app > [role=status], gp-app [role=status]').last()).toHaveText(
    /checks are right/,
  );
});
