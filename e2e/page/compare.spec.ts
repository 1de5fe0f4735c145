import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Locator, type Page } from '@playwright/test';
import { encodeLink } from '../../src/report/link/encode.ts';
import { pack, readPacked } from '../../src/report/packed.ts';
import { planHash } from '../../src/report/plan.ts';
import type { CaseResult, Report } from '../../src/report/schema.ts';
import { violations } from './axe.ts';
import { expect, rowOf, runToEnd, test } from './page-test.ts';
import { longTasksDuring } from './trace.ts';

const FOLDER = 'public/baselines/';
const MANY = 10_000;
/** What makes the name of a case need several lines. */
const LONG = `;shape=${'64x'.repeat(100)}64`;

/** A run that ships with the page. */
function shipped(): Promise<Report> {
  const file = 'node-swiftshader.json.gz';
  return readPacked(new Uint8Array(readFileSync(join(FOLDER, file))), file);
}

/** The report with other results, as the harness would count them. */
function withResults(report: Report, results: CaseResult[]): Report {
  const count = (wanted: string) => results.filter(({ status }) => status === wanted).length;
  const failed = count('fail');
  const skipped = count('skip');
  const summary = {
    ...report.summary,
    total: results.length,
    passed: results.length - failed - skipped,
    failed,
    skipped,
  };
  return { ...report, results, summary };
}

function failing(result: CaseResult): CaseResult {
  const { control: _, ...rest } = result;
  return {
    ...rest,
    status: 'fail',
    error: { code: 'not-equal', message: 'y[0] is 2, should be 1 <img src=x onerror=alert(1)>' },
  };
}

const packed = async (report: Report) => Buffer.from(await pack(JSON.stringify(report)));
const side = (page: Page, name: 'A' | 'B') => page.getByRole('region', { name: `Result ${name}` });
const headline = (page: Page) => page.getByRole('region', { name: 'Answer' }).getByRole('heading');
const changes = (page: Page) => page.getByRole('list', { name: /^[\d,]+ changes?$/ });

/** Nothing of the page is wider than its window. */
async function fits(page: Page, width: number): Promise<void> {
  await page.setViewportSize({ width, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
    width,
  );
}

async function chooseFile(slot: Locator, name: string, buffer: Buffer): Promise<void> {
  await slot
    .getByLabel('or choose a report file')
    .setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
}

test('runs are kept over a reload, compared, followed, exported, deleted and taken in again', {
  tag: '@long',
}, async ({ page }) => {
  await page.goto('/?view=compare');
  await expect(page.getByText('No run is kept yet.')).toBeVisible();
  await page.goto('/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  await page.waitForTimeout(1_000); // runs are told apart by the second
  await page.getByRole('button', { name: 'Run again' }).click();
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
  await rowOf(page, /^legal/).click();
  await expect(
    page.getByText(/^On this adapter and browser: 2 runs, right in each/),
    'in the detail of a case',
  ).toBeVisible();
  const trend = page.locator('gp-trend');
  await expect(
    trend.getByRole('img', {
      name: /^2 runs, right in each; Share of the bound in each run: between /,
    }),
  ).toBeVisible();
  const [asCsv] = await Promise.all([
    page.waitForEvent('download'),
    trend.getByRole('button', { name: 'CSV' }).click(),
  ]);
  const [columns, ...kept] = readFileSync(await asCsv.path(), 'utf8')
    .trim()
    .split('\r\n');
  expect([columns, kept.length]).toEqual(['When,Gradproof,Verdict,Value', 2]);
  await page.getByRole('button', { name: 'Compare…' }).press('Enter');
  await expect(page.getByRole('main'), 'the focus is not lost with the button').toBeFocused();
  await expect(headline(page), 'with the run before it').toHaveText('No verdict changed.');
  await page.goto('/');
  await page.getByRole('link', { name: 'Compare' }).click();
  const runs = page.getByRole('region', { name: 'Runs on this device' }).getByRole('listitem');
  await expect(runs).toHaveCount(2);
  await runs.nth(1).getByRole('button', { name: 'Set as A' }).click();
  await runs.nth(0).getByRole('button', { name: 'Set as B' }).click();
  await expect(headline(page)).toHaveText('No verdict changed.');
  await expect(page).toHaveURL(/before=run\/.+&after=run\//);
  await expect(
    runs.getByRole('button', { pressed: true }),
    'the list tells which run is where',
  ).toHaveText(['Set as B', 'Set as A']);
  expect(
    new Set(await runs.getByRole('time').allTextContents()).size,
    'runs of one minute are told apart',
  ).toBe(2);
  await page.reload();
  await expect(headline(page), 'the address names both').toHaveText('No verdict changed.');

  const download = page.waitForEvent('download');
  await runs.nth(0).getByRole('button', { name: 'Save report' }).click();
  const saved = JSON.parse(readFileSync(await (await download).path(), 'utf8')) as Report;
  await side(page, 'B').getByRole('button', { name: 'Choose another' }).click();
  const [first, ...others] = saved.results;
  const broken = withResults(saved, [failing(first as CaseResult), ...others]);
  await chooseFile(side(page, 'B'), 'broken.json', Buffer.from(JSON.stringify(broken)));
  await expect(headline(page)).toHaveText('1 check is newly wrong.');
  await changes(page).getByRole('button').click();
  await expect(page.getByText('y[0] is 2, should be 1 <img')).toBeVisible();
  await expect(page.getByText(/On this adapter and browser: 2 runs, right in each/)).toBeVisible();

  const exported = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export all' }).click();
  const file = await (await exported).path();
  await runs.nth(0).getByRole('button', { name: 'Delete' }).click();
  await expect(runs).toHaveCount(1);
  await page.getByRole('button', { name: 'Delete all…' }).press('Enter');
  await expect(page.getByRole('button', { name: 'Keep them' })).toBeFocused();
  await page.getByRole('button', { name: 'Delete', exact: true }).last().click();
  await expect(page.getByText('No run is kept yet.')).toBeVisible();
  await page.getByLabel('Import runs or reports').setInputFiles([file]);
  await expect(page.getByText('2 runs were taken in.')).toBeVisible();
  await expect(runs).toHaveCount(2);
});

test('ten thousand cases are compared and scrolled, with what is newly wrong first; a file that is no report is refused', {
  tag: '@full',
}, async ({ page }) => {
  const report = await shipped();
  const [pattern] = report.results;
  if (!pattern) throw new Error('the baseline is empty');
  const timing = {
    source: 'wall' as const,
    quantumNs: 1000,
    samples: 9,
    coldMs: 9,
    medianMs: 4,
    minMs: 3,
    ciMs: [3, 5],
  };
  const results = Array.from({ length: MANY }, (_, i) => ({
    ...pattern,
    ...(i === 1 ? { timing } : {}),
    id: `${pattern.suite}:many;n=${String(i).padStart(5, '0')}${LONG}`,
  }));
  const changed = results.map((result, i) => (i % 2 === 0 ? failing(result) : result));
  await page.goto('/?view=compare');
  await chooseFile(
    side(page, 'A'),
    'hostile.json',
    Buffer.from('{"schema":"gradproof-report/1","kind":["run"]}'),
  );
  await expect(side(page, 'A').getByRole('alert')).toContainText('hostile.json: kind: ');
  await chooseFile(side(page, 'A'), 'before.json.gz', await packed(withResults(report, results)));
  await chooseFile(side(page, 'B'), 'after.json.gz', await packed(withResults(report, changed)));
  await expect(headline(page)).toHaveText('5,000 checks are newly wrong.');
  await page.getByText('Charts', { exact: true }).click();
  await expect(page.getByRole('img', { name: /^1 row with two times each/ })).toBeVisible();
  const rows = changes(page).getByRole('listitem');
  await expect(rows.first()).toHaveAttribute('aria-setsize', '5000');
  expect(await rows.count(), 'only what is near the window is drawn').toBeLessThan(60);
  await rows.first().hover();
  const found = await longTasksDuring(page, async () => {
    for (let i = 0; i < 40; i++) {
      await page.mouse.wheel(0, 1200);
      await page.waitForTimeout(16); // browsers pass on one a frame
    }
    await expect(rows.nth(5)).not.toContainText('n=00');
  });
  expect(found).toEqual([]);
  await page.mouse.wheel(0, -200_000);
  await expect(rows.first()).toContainText('n=00000');
  await rows.nth(1).getByRole('button').press('Enter');
  await page.getByLabel('Only checks whose name has').focus(); // a row with the focus would stay
  for (const way of [3000, -3000]) {
    await page.mouse.wheel(0, way);
    await expect(rows.nth(1).getByRole('row', { name: /^Why/ })).toHaveCount(way > 0 ? 0 : 1);
    await expect.poll(() => gaps(rows), 'each row has its room').toEqual([]);
  }
  await page.getByLabel('Only checks whose name has').fill('n=09998');
  await expect(rows).toHaveCount(1);
  await rows.getByRole('button').press('Enter');
  await expect(rows.getByRole('row', { name: /^Why/ })).toContainText(
    '<img src=x onerror=alert(1)>',
  );
  expect(await violations(page)).toEqual([]);
  for (const width of [320, 768, 1440]) await fits(page, width);
});

test('a link of another plan version is compared with a baseline that ships with the page', async ({
  page,
}) => {
  const plan = readFileSync(
    'public/plans/f9897b24929a32466662f9a012ca4e2917a70bb89c0f16abb46486aac69cabb3.txt',
    'utf8',
  );
  const baseline = await shipped();
  const known = new Set(plan.split('\n'));
  const inOldPlan = baseline.results.filter(({ id, backend }) => known.has(`${id} ${backend}`));
  const [first, ...others] = inOldPlan;
  if (!first) throw new Error('no case is in both plans');
  const old = withResults(
    { ...baseline, run: { ...baseline.run, planHash: await planHash(plan) } },
    [failing(first), ...others],
  );
  await page.goto('/?view=compare');
  const cards = page.getByRole('region', { name: 'Baselines' }).getByRole('listitem');
  await expect(cards.first()).toContainText('npm run baseline --');
  await cards
    .filter({ hasText: 'Node.js' })
    .first()
    .getByRole('button', { name: 'Set as A' })
    .click();
  await side(page, 'B').getByLabel('or paste a link').fill('https://example.org/#AAAA');
  await side(page, 'B').getByRole('button', { name: 'Read it' }).click();
  await expect(side(page, 'B').getByRole('alert')).toContainText('damaged');
  await side(page, 'B')
    .getByLabel('or paste a link')
    .fill(`https://example.org/gradproof/#${await encodeLink(old, plan)}`);
  await side(page, 'B').getByLabel('or paste a link').press('Enter');
  await expect(headline(page)).toHaveText('1 check is newly wrong.');
  await expect(page.getByRole('row', { name: /^List of checks/ })).toBeVisible();
  await expect(page.getByText(/ are only in A, 0 only in B/)).toBeVisible();
  await page.getByRole('button', { name: /^only in A/ }).click();
  await expect(changes(page)).toHaveAccessibleName(
    `${(baseline.results.length - inOldPlan.length).toLocaleString('en')} changes`,
  );
});

test.describe('in German and dark', () => {
  test.use({ locale: 'de-DE', colorScheme: 'dark' });

  test('the view is whole, and its lists are reached by keyboard', async ({ page }) => {
    await page.goto(
      '/?view=compare&before=baseline/chromium-swiftshader&after=baseline/node-swiftshader',
    );
    const antwort = page.getByRole('region', { name: 'Antwort' }).getByRole('heading');
    await expect(antwort).toHaveText('Kein Urteil hat sich geändert.');
    await expect(page.getByRole('row', { name: /^Browser oder Laufzeit/ })).toContainText(
      'Node.js',
    );
    await expect(page.getByRole('row', { name: /^Grafikadapter/ })).toContainText('ein Prozessor');
    await expect(page.getByRole('row', { name: /^Rechenweise/ })).toContainText(
      'Uhr des Chips: Schritte von',
    );
    expect(await violations(page)).toEqual([]);
    await fits(page, 320);
  });
});

test('where the browser keeps nothing, the page says so and still compares', async ({
  server,
  launchOptions,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'gradproof-blocked-'));
  try {
    // As a person sets it: sites may not save any data on this device.
    const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
    mkdirSync(join(folder, 'Default'));
    writeFileSync(join(folder, 'Default/Preferences'), JSON.stringify(settings));
    const context = await chromium.launchPersistentContext(folder, launchOptions);
    const page = await context.newPage();
    await page.goto(
      `${server.url}?view=compare&before=baseline/chromium-swiftshader&after=baseline/node-swiftshader`,
    );
    await expect(page.getByText('This browser does not keep every run of this page')).toBeVisible();
    await expect(headline(page)).toHaveText('No verdict changed.');
    await context.close();
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 9 });
  }
});

test('where the browser has no room left, what it keeps stays, and what it refused is said to last until the page is closed', async ({
  page,
  server,
}) => {
  const whole = await shipped();
  const [result] = whole.results;
  if (!result) throw new Error('the baseline is empty');
  const little = withResults({ ...whole, run: { ...whole.run, id: 'little' } }, [result]);
  const session = await page.context().newCDPSession(page);
  // Room for an empty database and a run of one case, and not for one of all.
  await session.send('Storage.overrideQuotaForOrigin', {
    origin: new URL(server.url).origin,
    quotaSize: 110_000,
  });
  await page.goto('/?view=compare');
  const runs = page.getByRole('region', { name: 'Runs on this device' }).getByRole('listitem');
  const told = page.getByText('This browser does not keep every run of this page');
  await page.getByLabel('Import runs or reports').setInputFiles({
    name: 'little.json.gz',
    mimeType: 'application/gzip',
    buffer: await packed(little),
  });
  await expect(page.getByText('1 run was taken in.')).toBeVisible();
  await expect(told).toBeHidden();
  await page
    .getByLabel('Import runs or reports')
    .setInputFiles(join(FOLDER, 'node-swiftshader.json.gz'));
  await expect(told).toBeVisible();
  await expect(runs).toHaveCount(2);
  await page.reload();
  await expect(runs, 'the older run did not go for nothing').toHaveCount(1);
  await expect(told).toBeHidden();
});

/** Pixels between each row and the next, where they do not meet. */
function gaps(rows: Locator): Promise<readonly number[]> {
  return rows.evaluateAll((all) =>
    all
      .slice(1)
      .map(
        (row, i) => row.getBoundingClientRect().top - (all[i]?.getBoundingClientRect().bottom ?? 0),
      )
      .filter((gap) => Math.abs(gap) > 1),
  );
}
