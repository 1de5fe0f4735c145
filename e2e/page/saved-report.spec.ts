import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from '@playwright/test';
import { toHtml } from '../../src/report/html.ts';
import { readReport } from '../../src/report/read.ts';
import type { Report } from '../../src/report/schema.ts';
import { violations } from './axe.ts';
import { expect, test } from './page-test.ts';

const fixture = new URL('../../src/report/fixtures/run.json', import.meta.url);
const RUN = readReport(readFileSync(fixture), 'run.json');
const error = {
  code: 'out-of-bound',
  message: 'y is 3.2 bounds off',
  at: { index: [64, 0], actual: 0, expected: -113 },
};

/** The recorded run, `times` over in suites of their own, and one failure. */
function reportOf(times: number): Report {
  const suites = Array.from({ length: times }, (_, i) =>
    RUN.results.map((one) => ({ ...one, id: `s${i}.${one.id}`, suite: `s${i}.${one.suite}` })),
  );
  const [first, ...rest] = suites.flat();
  return { ...RUN, results: first ? [{ ...first, status: 'fail', error }, ...rest] : [] };
}

/** Opens the saved report of `report` from a file, as a person does who got it by mail. */
async function openSaved(page: Page, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
  try {
    const file = join(folder, 'report.html');
    writeFileSync(file, await toHtml(report));
    await page.goto(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [320, 1280]) {
    test.describe(`a saved report, ${colorScheme}, ${width} pixels wide`, () => {
      test.use({ colorScheme, viewport: { width, height: 800 } });

      test('is accessible, and no part of it is beside the window', async ({ page }) => {
        await openSaved(page, reportOf(3));
        await expect(page.getByRole('heading', { level: 1 })).toHaveText(
          'No: 1 of 14 checks did not pass.',
        );
        await expect(page.getByRole('article')).toContainText('at [64, 0]: 0, expected -113');
        expect(
          await page.evaluate(() => getComputedStyle(document.body).fontFamily),
          'the policy lets its style in',
        ).toContain('system-ui');
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
        ).toBeLessThanOrEqual(0);
        expect(await violations(page)).toEqual([]);
      });
    });
  }
}

test('ten thousand results open closed, and a suite opens by keyboard', { tag: '@full' }, async ({
  page,
}) => {
  await openSaved(page, reportOf(720));
  await expect(page.locator('details.suite')).toHaveCount(720);
  const visible = () =>
    [...document.querySelectorAll('tr')].filter((row) => row.checkVisibility()).length;
  expect(await page.evaluate(visible), 'only the suite with the failure, and what was probed').toBe(
    15 + 11,
  );
  await page.locator('summary').last().focus();
  await page.keyboard.press('Enter');
  expect(await page.evaluate(visible)).toBe(2 * 15 + 11);
});
