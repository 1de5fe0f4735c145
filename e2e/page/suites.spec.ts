import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { pack } from '../../src/report/packed.ts';
import { violations } from './axe.ts';
import { drop } from './drop.ts';
import { detailOf, expect, runToEnd, test } from './page-test.ts';

const CLIPPING = 'triton.training.gradient-clipping';
const TIMEOUT = 'tb.utilities.timeout';

/** A report of kind `test`, which has a right test of a clause of {@link TIMEOUT}. */
const TESTS = readFileSync('src/report/fixtures/tests.json', 'utf8');

const rowOf = (page: Page, id: string) => page.locator(`[data-row="${id}"]`);
const clausesOf = (row: Locator) => row.locator('.clauses > li');
const stateOf = (row: Locator) => row.locator('summary .state');

/**
 * What `gradproof --list --rows` of the build under test prints; by `npm start`, a change of a file
 * would build anew what the other tests use.
 */
const listedRows = () =>
  execFileSync(process.execPath, ['dist/node/cli.js', '--list', '--rows'], { encoding: 'utf8' });

/** Waits until all rows are there. */
async function openSuites(page: Page, rest = ''): Promise<void> {
  await page.goto(`/?view=suites${rest}`);
  await expect(page.getByRole('heading', { level: 2 })).toHaveCount(3);
}

/** Goes to the suites from a view that ran something. */
async function toSuites(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Suites' }).click();
  await expect(page.getByRole('heading', { level: 2 })).toHaveCount(3);
}

/** Sum over the suites of what their heads count in a state. */
async function counted(page: Page, state: string): Promise<number> {
  const all = page.getByRole('list', { name: /^How the tests of / }).getByRole('listitem');
  const texts = (await all.allTextContents()).map((text) => text.trim());
  return texts
    .filter((text) => text.endsWith(` ${state}`))
    .reduce((sum, text) => sum + Number.parseInt(text, 10), 0);
}

test('lists every row as the command line does, and counts planned rows apart', async ({
  page,
}) => {
  const stdout = listedRows();
  const [, ...told] =
    stdout.match(/(\d+) rows: (\d+) covered, (\d+) covered in part, (\d+) planned/) ?? [];
  const [all, covered, partly, planned] = told.map(Number);
  await openSuites(page);
  await expect(page.locator('[data-row]')).toHaveCount(all ?? 0);
  const ids = await page
    .locator('[data-row]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-row') ?? ''));
  const listed = [...stdout.matchAll(/^(\S+) {2}(?:covered|covered in part|planned)$/gm)];
  expect(ids.sort()).toEqual(listed.map(([, id]) => id).sort());
  expect([
    await counted(page, 'not run'),
    await counted(page, 'in part'),
    await counted(page, 'planned'),
  ]).toEqual([covered, partly, planned]);
  await expect(page.locator('.state.good'), 'before a run nothing is right').toHaveCount(0);
  await expect(page.getByText(`${all} tests: ${covered} asserted in full, `)).toBeVisible();
});

test('a link points at a row: it is open, in sight and has the focus', { tag: '@long' }, async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openSuites(page, `&row=${CLIPPING}`);
  const row = rowOf(page, CLIPPING);
  await expect(row.locator('summary')).toBeFocused();
  await expect(row.locator('summary')).toBeInViewport({ ratio: 1 });
  await expect(row).toContainText('test_gradient_clipping');
  await expect(clausesOf(row)).toHaveCount(4);
  await row.getByRole('button', { name: 'Copy link' }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(link).search).toBe(`?view=suites&row=${CLIPPING}`);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(clausesOf(row), 'closed by keyboard').toHaveCount(0);
  await page.keyboard.press('1');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Can this computer/);
  await page.goBack();
  await expect(row.locator('summary'), 'back at the row').toBeFocused();
  await expect(row.locator('summary')).toBeInViewport({ ratio: 1 });
  await page.getByRole('combobox', { name: /^Language/ }).focus();
  await page.getByRole('combobox', { name: /^Language/ }).selectOption('de');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Die ursprünglichen Tests/);
  await expect(stateOf(row)).toHaveText('nicht gelaufen');
  await expect(page.getByRole('combobox', { name: /^Sprache/ })).toBeFocused();
  await page.getByRole('combobox', { name: /^Sprache/ }).selectOption('en');
  await page.getByRole('link', { name: 'Suites' }).click();
  await expect(page, 'the view, and no row of it').toHaveURL(/\?view=suites$/);
  await openSuites(page, '&row=triton.no.such-row');
  await expect(page.getByRole('alert')).toContainText('triton.no.such-row');
});

test('a row that a link points at comes in sight when the plan is there, and stays until the person moves on', async ({
  page,
}) => {
  let give = () => {};
  const slow = new Promise<void>((resolve) => {
    give = resolve;
  });
  await page.route(/\/assets\/triton-[^/]*\.js$/, async (route) => {
    await slow;
    await route.continue();
  });
  await page.goto(`/?view=suites&row=${CLIPPING}`);
  await expect(page.getByText('Reading the tests and the checks…')).toBeVisible();
  give();
  const summary = rowOf(page, CLIPPING).locator('summary');
  await expect(summary).toBeFocused();
  await expect(summary).toBeInViewport({ ratio: 1 });
  await page.setViewportSize({ width: 320, height: 640 }); // every row is laid out anew
  await expect(summary).toBeInViewport({ ratio: 1 });
  await drop(page, [{ name: 'tests.json', bytes: new TextEncoder().encode(TESTS) }]);
  await expect(page.getByText('tests.json')).toBeAttached();
  await expect(summary).toBeInViewport({ ratio: 1 });
  await page.mouse.wheel(0, -100_000);
  await expect(page.getByRole('heading', { level: 1 })).toBeInViewport();
  await page.setViewportSize({ width: 1280, height: 720 });
  await expect(page.getByRole('heading', { level: 1 })).toBeInViewport();
  await expect(summary).not.toBeInViewport();
});

test('a run turns the clauses that its cases cover and no others, with a way into each case', {
  tag: '@long',
}, async ({ page }) => {
  await page.goto(
    '/?filter=train.gradient-clipping:norm;*&filter=train.gradient-clipping:direction',
  );
  await runToEnd(page);
  await toSuites(page);
  const row = rowOf(page, CLIPPING);
  await expect(stateOf(row)).toHaveText('in part');
  await row.locator('summary').click();
  await expect(clausesOf(row).locator('> .state')).toHaveText([
    'right',
    'not run',
    'right',
    'not run',
  ]);
  await expect(page.locator('summary .state.good'), 'no row is whole').toHaveCount(0);
  await row.getByRole('link', { name: 'train.gradient-clipping:direction' }).click();
  await expect(detailOf(page).getByRole('heading', { level: 3 })).toHaveText(
    'train.gradient-clipping:direction',
  );
  await expect(detailOf(page).locator('gp-status').first()).toHaveText('right');
  await page.goBack();
  await expect(row.locator('summary'), 'back where the case was').toBeFocused();
  await expect(row.locator('summary')).toBeInViewport({ ratio: 1 });

  await page.goto('/?filter=train.gradient-clipping:*');
  await runToEnd(page);
  await toSuites(page);
  await expect(stateOf(row)).toHaveText('right');
  await expect(
    page.locator('summary .state.good'),
    'of this row and of its like in another suite',
  ).toHaveCount(2);
  expect(await counted(page, 'right')).toBe(2);
  const planned = await counted(page, 'planned');
  await page.getByLabel('State').selectOption('planned');
  await expect(page.locator('[data-row]')).toHaveCount(planned);
  await expect(page.locator('summary .state', { hasText: 'planned' })).toHaveCount(planned);
});

test('a dropped report of tests shows its results with what they cover', async ({ page }) => {
  const earlier = TESTS.replace(':doctor-says-what-is-here', ':of-an-earlier-version');
  const bytes = new TextEncoder().encode(earlier);
  await page.goto('/');
  await drop(page, [{ name: 'tests.json', bytes }]);
  await expect(page.getByText('tests.json')).toContainText(
    /Not in this version, and so not shown: [1-9]\d* tests?\./,
  );
  const row = rowOf(page, TIMEOUT);
  await row.locator('summary').click();
  const clause = clausesOf(row).filter({ hasText: 'after a hang it asks for one reload' });
  await expect(clause.locator('> .state')).toHaveText('right');
  await expect(clause).toContainText(
    'was seen to fail when what had ended before the reload runs again',
  );
  await expect(stateOf(row), 'its other clauses are planned').toHaveText('in part');

  const failed = TESTS.replace(/"status": "pass"/g, '"status": "fail"').replace(
    /"kernels": \[\]\n/g,
    '"kernels": [], "error": {"code": "expectation", "message": "<b>no reload"}\n',
  );
  const report = JSON.parse(failed) as { summary: Record<string, number> };
  Object.assign(report.summary, { passed: 0, failed: 3 });
  await drop(page, [{ name: 'red.json.gz', bytes: await pack(JSON.stringify(report)) }]);
  await expect(page.getByText('red.json.gz')).toBeVisible();
  await expect(clause.locator('> .state')).toHaveText('wrong');
  await expect(clause).toContainText('<b>no reload');
  await expect(stateOf(row)).toHaveText('wrong');
  await page.getByRole('button', { name: 'Close it' }).click();
  await expect(clause).toContainText('no report of tests is open');

  await page.getByRole('link', { name: 'Compare' }).click();
  await page
    .getByLabel('or choose a report file')
    .first()
    .setInputFiles('src/report/fixtures/tests.json');
  await expect(page.getByText('is a report of tests, which are not compared')).toBeVisible();
});

test('rows are found by words, and all of them are printed', async ({ page }) => {
  await openSuites(page);
  const rows = page.locator('[data-row]');
  const all = await rows.count();
  await page.getByLabel('Words').fill('test_gradient_clipping');
  await expect(rows.filter({ hasText: 'test_gradient_clipping' })).toHaveCount(1);
  expect(await rows.count()).toBeLessThan(5);
  await page.getByLabel('Words').fill('');
  await expect(rows).toHaveCount(all);
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByLabel('Words')).toBeHidden();
  await expect(rows.last().getByText(/\w/).first()).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    test('the suites have no violation, closed or open', { tag: '@long' }, async ({ page }) => {
      await page.goto('/');
      await drop(page, [{ name: 'tests.json', bytes: new TextEncoder().encode(TESTS) }]);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(
        'The original tests, one by one',
      );
      await expect(page.getByRole('heading', { level: 2 })).toHaveCount(3);
      expect(await violations(page)).toEqual([]);
      await page.getByLabel('Words').fill('gradient-clipping');
      await page.getByRole('button', { name: 'Open all' }).click();
      await rowOf(page, CLIPPING).scrollIntoViewIfNeeded();
      expect(await violations(page), 'open').toEqual([]);
      for (const width of [320, 390, 1920]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
          width,
        );
      }
    });
  });
}
