import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { servePage } from '../../src/cli/server.ts';
import { readReport } from '../../src/report/read.ts';
import { answerOf, expect, open, runToEnd, test } from './page-test.ts';
import { readQrCode } from './qr.ts';

/** What a button of the page saves. */
async function saved(page: Page, button: string): Promise<string> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  return readFileSync(await (await downloading).path(), 'utf8');
}

test('a link holds the result, says what is in it, and opens in a fresh browser', async ({
  page,
  browser,
  server,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const requests: string[] = [];
  context.on('request', (request) => requests.push(request.url()));
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  await page.getByRole('button', { name: 'Share…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this result' });
  const link = dialog.getByRole('textbox', { name: 'Link', exact: true });
  await expect(link).toHaveValue(/#\S{40,}$/);
  await expect(dialog).toContainText(/graphics adapter/);
  await expect(dialog).toContainText('ops.nn.silu:legal;*');
  const unnamed = await link.inputValue();
  await dialog.getByRole('textbox', { name: 'A name for this computer' }).fill('ThinkPad T14 <b>');
  await expect(
    dialog.locator('dd', { hasText: /^ThinkPad T14 <b>$/ }),
    'what is listed was read out of the link',
  ).toBeVisible();
  const url = await link.inputValue();
  expect(url).not.toBe(unnamed);
  expect(url.length).toBeLessThan(1500);

  await expect(dialog.getByText('The link below opens on this computer only.')).toBeVisible();
  await expect(dialog.getByText('QR code')).toBeHidden();
  expect(await saved(page, 'Save the result as one HTML page')).toContain('<!DOCTYPE html>');
  await dialog.getByRole('button', { name: 'Copy summary for an issue' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^### Gradproof: [\s\S]*ThinkPad T14/);
  await dialog.getByRole('button', { name: 'Copy link' }).click();
  await expect(dialog.getByText('Copied.').last()).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(url);
  await dialog.getByText('Badge and Markdown').click();
  await expect(
    dialog.getByRole('img', { name: /^Gradproof: \d+ of \d+ right on ThinkPad T14 <b>/ }),
  ).toBeVisible();
  await expect(
    dialog.getByRole('textbox', { name: 'Markdown of the badge' }),
    'a badge needs a link that others can open',
  ).toBeHidden();
  expect(await saved(page, 'Save badge (SVG)')).toContain(
    '<svg xmlns="http://www.w3.org/2000/svg"',
  );
  await dialog.getByText('Save as a file').click();
  expect(readReport(await saved(page, 'Report (JSON)'), 'the saved report').run.complete).toBe(
    true,
  );
  expect(await saved(page, 'Web page (HTML)')).toContain('<!DOCTYPE html>');
  expect((await saved(page, 'Table (CSV)')).split('\n').length).toBeGreaterThan(2);
  expect(await saved(page, 'JUnit (XML)')).toContain('<testsuites');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  await using fresh = await browser.newContext();
  const other = await fresh.newPage();
  await other.goto(url);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('Someone’s result');
  await expect(answerOf(other)).toHaveText(/^(\d+) of \1 checks are right/);
  await expect(
    other.getByText('Not the standard settings: only the cases ops.nn.silu:legal;*.'),
  ).toBeVisible();
  await expect(other.getByText('ThinkPad T14 <b>'), 'a name is text').toBeVisible();
  await expect(other.getByText(/(Chromium|Edge) \d+/)).toBeVisible();
  await other.getByRole('button', { name: 'Run it here' }).click();
  await expect(other).toHaveURL(`${server.url}?`);
  await expect(other.getByRole('button', { name: 'Run', exact: true })).toBeVisible();
  expect(
    requests.filter((one) => !one.startsWith(server.url) && !/^(data|blob):/.test(one)),
    'no other server is asked',
  ).toEqual([]);
});

test('where the page is known to others, link, QR code and badge lead there, and a phone sends it', {
  tag: '@long',
}, async ({ page }) => {
  const base = 'https://example.org/gradproof/';
  await using server = await servePage('dist/page', 0, base);
  // Headless browsers have no sheet to send things with.
  await page.addInitScript(() => {
    const sent: ShareData[] = [];
    Object.assign(window, { sent });
    navigator.share = async (data) => {
      sent.push(data ?? {});
    };
  });
  await open(page, `${server.url}?filter=ops.nn.silu:legal;*`);
  await runToEnd(page);
  await page.getByRole('button', { name: 'Share…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this result' });
  const link = dialog.getByRole('textbox', { name: 'Link', exact: true });
  await expect(link).toHaveValue(/^https:\/\/example\.org\/gradproof\/#\S{40,}$/);
  const url = await link.inputValue();
  await expect(dialog.getByText('opens on this computer only')).toBeHidden();
  await dialog.getByText('QR code').click();
  expect(await readQrCode(dialog.getByRole('img', { name: 'QR code of the link' }))).toBe(url);
  await dialog.getByText('Badge and Markdown').click();
  await expect(dialog.getByRole('textbox', { name: 'Markdown of the badge' })).toHaveValue(
    /^\[!\[Gradproof: .*\]\(gradproof\.svg\)\]\(https:\/\/example\.org\/gradproof\/#\S+\)$/,
  );
  await dialog.getByRole('button', { name: 'Send…' }).click();
  expect(await page.evaluate(() => (window as unknown as { sent: ShareData[] }).sent)).toEqual([
    { title: expect.stringContaining('Gradproof'), url },
  ]);
});

test('two links that are compared have an address of their own', { tag: '@long' }, async ({
  page,
  browser,
}) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  await page.getByRole('button', { name: 'Share…' }).click();
  const link = page
    .getByRole('dialog', { name: 'Share this result' })
    .getByRole('textbox', { name: 'Link', exact: true });
  await expect(link).toHaveValue(/#\S{40,}$/);
  const url = await link.inputValue();
  await page.goto(new URL('/?view=compare', url).href);
  for (const name of ['Result A', 'Result B']) {
    const side = page.getByRole('region', { name });
    await side.getByLabel('or paste a link').fill(url);
    await side.getByRole('button', { name: 'Read it' }).click();
    await expect(side.getByText('from a link')).toBeVisible();
  }
  const text = new URL(url).hash.slice(1);
  await expect(page).toHaveURL(`${new URL('/', url)}?view=compare#before=${text}&after=${text}`);
  await using fresh = await browser.newContext();
  const other = await fresh.newPage();
  await other.goto(page.url());
  await expect(answerOf(other)).toHaveText('No verdict changed.');
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('Compare two results');
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
