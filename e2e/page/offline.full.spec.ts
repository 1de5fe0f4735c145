import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { servePage } from '../../src/cli/server.ts';
import { answerOf, detailOf, expect, open, rowOf, runToEnd, test } from './page-test.ts';
import { staticHost } from './static-host.ts';

test.use({ serviceWorkers: 'allow', mayLogErrors: true });

const FEW = '?filter=ops.nn.silu:legal;*';
const KEPT = 'It works without a network, too.';

const look = (page: Page) =>
  page.evaluate(async () => (await navigator.serviceWorker.ready).update().catch(() => {}));

/**
 * Has the browser look for another build until the page says that there is one: while it still
 * takes in what it found before, it does not look.
 */
async function untilNewer(page: Page): Promise<void> {
  const note = page
    .getByRole('status')
    .filter({ hasText: 'A newer version of this page is here.' });
  await expect(async () => {
    await look(page);
    await expect(note).toBeVisible({ timeout: 3_000 });
  }).toPass();
}

/** Names of the builds that the page keeps. */
const kept = (page: Page) =>
  page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('gradproof ')));

test('after one visit to a static host below a path, checks, details and a link work without any network', async ({
  page,
}) => {
  await using host = await staticHost('dist/page');
  await open(page, host.url);
  await expect(page.getByText(KEPT)).toBeVisible();
  await page.getByText('worth knowing').click();
  await expect(page.getByRole('region', { name: 'This page’s clocks are coarse.' })).toBeVisible();
  expect(await page.evaluate(() => crossOriginIsolated), 'this host sends no header').toBe(false);
  expect(await kept(page), 'the host may have other pages below other paths').toEqual([
    expect.stringMatching(/^gradproof \/a\/b\/ \w+$/),
  ]);
  host.down();
  await open(page, host.url + FEW);
  expect(
    await page.evaluate(() => crossOriginIsolated),
    'a page that was kept isolates itself',
  ).toBe(true);
  await runToEnd(page);
  await expect(answerOf(page)).toContainText('are right');
  await expect(rowOf(page, /^ops\.nn\.silu, \d+ right$/)).toBeVisible();
  await page.getByRole('button', { name: 'Share…' }).click();
  const link = page.getByRole('dialog').getByRole('textbox', { name: 'Link', exact: true });
  await expect(link).toHaveValue(new RegExp(`^${host.url}#`));
  await page.goto(await link.inputValue());
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Someone’s result');
  expect(
    host.requested.filter((path) => !path.startsWith('/')),
    'every request stays below the path',
  ).toEqual([]);
  const policies = await page.evaluate(async () => {
    const [name = ''] = await caches.keys();
    const cache = await caches.open(name);
    return Promise.all(
      (await cache.keys()).map(async (request) =>
        (await cache.match(request))?.headers.get('content-security-policy'),
      ),
    );
  });
  expect(new Set(policies).size).toBe(1);
  expect(policies[0]).toContain("default-src 'none'");
});

test('what our own server sends compressed is kept, and shown with and without it', async ({
  page,
}) => {
  const server = await servePage('dist/page');
  const isKept = () => page.evaluate(() => navigator.serviceWorker.controller !== null);
  try {
    await open(page, server.url);
    await expect(page.getByText(KEPT)).toBeVisible();
    const visit = page.waitForResponse(server.url);
    await open(page, server.url);
    expect((await visit).fromServiceWorker()).toBe(true);
    expect(await isKept()).toBe(true);
  } finally {
    await server[Symbol.asyncDispose]();
  }
  await open(page, server.url);
  expect(await isKept()).toBe(true);
});

test('a newer build is shown by the next visit, whole; what is open goes on, and says so', async ({
  page,
}) => {
  const next = mkdtempSync(join(tmpdir(), 'gradproof-next-'));
  const broken = mkdtempSync(join(tmpdir(), 'gradproof-broken-'));
  try {
    await using host = await staticHost('dist/page');
    await open(page, host.url);
    await expect(page.getByText(KEPT)).toBeVisible();
    const [first] = await kept(page);

    // A deployment that is half there: its list names what the files are not. Nothing of it is
    // taken.
    rewrite('dist/page', broken, 'broken');
    writeFileSync(
      join(broken, 'icon.svg'),
      readFileSync(join(broken, 'icon.svg'), 'utf8').replace('#0d5c63', '#aa0000'),
    );
    host.deploy(broken);
    await expect
      .poll(async () => {
        await look(page);
        return host.requested.filter((path) => path === '/icon.svg').length;
      })
      .toBeGreaterThan(1);
    await expect.poll(() => kept(page)).toEqual([first]);

    rewrite('dist/page', next, 'newer');
    host.deploy(next);
    await untilNewer(page);
    expect(await kept(page)).toHaveLength(2);
    await page.getByRole('button', { name: 'Details', exact: true }).click();
    await expect(
      page.getByText(/checks chosen/),
      'what is open loads what it still needs',
    ).toBeVisible();
    await page.getByRole('button', { name: 'Reload' }).click();
    await expect(page.locator('meta[name="build"]')).toHaveAttribute('content', 'newer');
    await expect(page.getByText('A newer version')).toBeHidden();
    host.down();
    await page.reload();
    await expect(
      page.locator('meta[name="build"]'),
      'without a network as with one',
    ).toHaveAttribute('content', 'newer');
  } finally {
    for (const folder of [next, broken]) rmSync(folder, { recursive: true, force: true });
  }
});

test('a run goes on with its own build while a newer one is loaded', async ({ page }) => {
  const next = mkdtempSync(join(tmpdir(), 'gradproof-next-'));
  try {
    await using host = await staticHost('dist/page');
    await open(page, host.url);
    await expect(page.getByText(KEPT)).toBeVisible();
    await open(page, `${host.url}?tier=full&filter=ops.*`); // long enough for all that follows
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const progress = page.getByRole('progressbar', { name: 'Progress of the run' });
    const done = () => progress.evaluate((bar: HTMLProgressElement) => bar.value);
    await expect.poll(done).toBeGreaterThan(0);
    rewrite('dist/page', next, 'newer');
    host.deploy(next);
    await untilNewer(page);
    host.down(); // nothing of the newer build can be asked for
    const before = await done();
    await expect.poll(done).toBeGreaterThan(before);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect(answerOf(page)).toContainText('all right so far');
    await rowOf(page, /^attention, /).press('Enter');
    await expect(
      detailOf(page).getByRole('heading').first(),
      'details come from the build that is open',
    ).toContainText('ops.attention');
    await page.reload();
    await expect(page.locator('meta[name="build"]')).toHaveAttribute('content', 'newer');
    await expect(
      page.getByRole('button', { name: 'Run', exact: true }),
      'the newer build promises nothing of the old run',
    ).toBeVisible();
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
});

/**
 * Another build of the same: its page and its entry differ, and its service worker lists what it
 * has.
 */
function rewrite(from: string, to: string, name: string): void {
  cpSync(from, to, { recursive: true });
  const read = (path: string) => readFileSync(join(to, path), 'utf8');
  const html = read('index.html');
  const entry = /assets\/index-[\w-]+\.js/.exec(html)?.[0] ?? '';
  const renamed = entry.replace(/index-[\w-]{8}/, `index-${name.padEnd(8, '0')}`);
  cpSync(join(to, entry), join(to, renamed));
  const page = html
    .replaceAll(entry, renamed)
    .replace('<head>', `<head><meta name="build" content="${name}" />`);
  writeFileSync(join(to, 'index.html'), page);
  const list = read('sw.js')
    .replaceAll(entry, renamed)
    .replace(/"version":"\w+"/, `"version":"${name}"`)
    .replace(
      /(\{"path":"index\.html","sha256":")\w+/,
      `$1${createHash('sha256').update(page).digest('hex')}`,
    );
  writeFileSync(join(to, 'sw.js'), list);
}
