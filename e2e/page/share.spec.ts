import { answerOf, expect, open, runToEnd, test } from './page-test.ts';

test('a link holds the result, says what is in it, and opens in a fresh browser', async ({ page, browser, server }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  await page.getByRole('button', { name: 'Copy link' }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this result' });
  const link = dialog.getByRole('textbox', { name: 'Link' });
  await expect(link).toHaveValue(/#\S{40,}$/);
  await expect(dialog).toContainText(/graphics adapter/);
  await expect(dialog).toContainText('ops.nn.silu:legal;*');
  const url = await link.inputValue();
  expect(url.length).toBeLessThan(1500);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  await using fresh = await browser.newContext();
  const other = await fresh.newPage();
  await other.goto(url);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('Someone’s result');
  await expect(answerOf(other)).toHaveText(/^(\d+) of \1 checks are right/);
  await expect(other.getByText('Not the standard settings')).toBeVisible();
  await expect(other.getByText(/(Chromium|Edge) \d+/)).toBeVisible();
  await other.getByRole('button', { name: 'Run it here' }).click();
  await expect(other).toHaveURL(`${server.url}?`);
  await expect(other.getByRole('button', { name: 'Run', exact: true })).toBeVisible();
});

test('a damaged link says so', async ({ page }) => {
  await page.goto('/#AZKS0UmzinWOv0rDUBjF');
  await expect(page.getByRole('alert')).toContainText('damaged');
  await expect(page.getByRole('button', { name: 'Run it here' })).toBeVisible();
});

test('a link pasted over an open page is read', async ({ page }) => {
  await open(page);
  await page.evaluate(() => {
    location.hash = '#not-a-link';
  });
  await expect(page.getByRole('alert')).toContainText('link');
});
