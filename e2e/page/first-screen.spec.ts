import { expect, open, rowOf, test } from './page-test.ts';

test('asks the question, tells what was found and what a click costs', async ({ page }) => {
  await open(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    'Can this computer fine-tune a language model, correctly and fast?',
  );
  await expect(page.getByText('Found:')).toContainText('Chrom');
  await expect(page.getByText('About a minute. Nothing is uploaded.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
});

test('says that the graphics chip is not in use, and what to do', async ({ page }) => {
  await open(page);
  const warning = page.getByRole('region', { name: 'Your graphics chip is not in use.' });
  await expect(warning).toContainText('chrome://settings/system');
});

test('shows no ids, tiers or bounds before details are opened', async ({ page }) => {
  await open(page);
  await expect(page.locator('gp-check-view')).not.toContainText(
    /ops\.|tier|quick|bound|webgpu|wgsl|oracle/i,
  );
});

test('asks no server but its own', async ({ page, server }) => {
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) foreign.push(request.url());
  });
  await open(page);
  await page.getByRole('button', { name: 'Details', exact: true }).click();
  await expect(page.getByText(/checks chosen/)).toBeVisible();
  expect(foreign).toEqual([]);
});

test('the plan is readable', async ({ page }) => {
  await open(page, '/?filter=ops.matmul.matmul:*');
  await rowOf(page, /^exact;/).click();
  await expect(page.getByRole('heading', { name: 'Must fail when' })).toBeVisible();
  await expect(page.getByText(/equal values are demanded/)).toBeVisible();
});

test.describe('at 320 pixels', () => {
  test.use({ viewport: { width: 320, height: 640 } });

  test('nothing sticks out', async ({ page }) => {
    for (const address of ['/?filter=ops.matmul.matmul:*', '/?view=train']) {
      await page.goto(address);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
        320,
      );
    }
  });
});
