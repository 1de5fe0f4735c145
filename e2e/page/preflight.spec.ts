import { expect, open, rowOf, test } from './page-test.ts';

test.describe('in a browser without WebGPU', () => {
  test.beforeEach(async ({ page }) => {
    await page.addInitScript(() => {
      Reflect.deleteProperty(Object.getPrototypeOf(navigator), 'gpu');
    });
  });

  test('says what to do, and cannot run', async ({ page }) => {
    await open(page);
    await expect(page.getByText(/has no WebGPU, or it is switched off/)).toBeVisible();
    await expect(page.getByText(/current Chrome or Edge|chrome:\/\/flags/).first()).toBeVisible();
    await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeDisabled();
  });

  test('the plan can still be read', async ({ page }) => {
    await open(page);
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    await expect(rowOf(page, /^ops, /)).toBeVisible();
  });

  test('nor can it fine-tune', async ({ page }) => {
    await open(page, '/?view=train');
    await expect(page.getByRole('button', { name: 'Start' })).toBeDisabled();
  });
});
