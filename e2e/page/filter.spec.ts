import { expect, open, test } from './page-test.ts';

test('the address chooses tier and checks, and follows the fields', async ({ page }) => {
  await open(page, '/?tier=full&filter=ops.matmul.matmul:exact;*');
  const field = page.getByRole('searchbox', { name: 'Which checks' });
  await expect(field).toHaveValue('ops.matmul.matmul:exact;*');
  await expect(page.getByRole('combobox', { name: 'How much' })).toHaveValue('full');
  await field.fill('ops.matmul.* !*gradient*');
  await page.getByRole('combobox', { name: 'How much' }).selectOption('quick');
  await expect(page).toHaveURL(/\/\?filter=ops\.matmul\.\*&filter=!\*gradient\*$/);
  await page.reload();
  await expect(field).toHaveValue('ops.matmul.* !*gradient*');
});

test('a bare word is helped to become a pattern', async ({ page }) => {
  await open(page, '/?filter=matmul');
  await expect(page.getByText(/ 0 of \d+ checks chosen/)).toBeVisible();
  await page.getByRole('button', { name: '*matmul*' }).click();
  await expect(page.getByText(/ [1-9]\d* of \d+ checks chosen/)).toBeVisible();
});

test('an option that does not exist is refused in one line, and the page works', async ({ page }) => {
  await open(page, '/?tier=huge');
  await expect(page.getByRole('alert')).toContainText('huge');
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
});
