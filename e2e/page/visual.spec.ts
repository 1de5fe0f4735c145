import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { encodeLink } from '../../src/report/link/encode.ts';
import { readReport } from '../../src/report/read.ts';
import { expect, open, runToEnd, test } from './page-test.ts';

/*
 * How the page looks, at three widths in both themes. The browser's software renderer draws the
 * same pixels wherever browser and fonts are the same; elsewhere the tests are skipped, since what
 * would differ is theirs. The pictures are drawn anew by npx playwright test
 * e2e/page/visual.spec.ts --update-snapshots
 */
test.use({
  locale: 'en-GB',
  timezoneId: 'UTC',
  contextOptions: { reducedMotion: 'reduce' },
  mayLogErrors: true,
});

const SIZES = [
  { width: 320, height: 560 },
  { width: 768, height: 560 },
  { width: 1440, height: 640 },
];

/**
 * One pixel in a thousand: edges of letters may round differently on another processor; a line that
 * moved is ten times that.
 */
const TOLERANCE = 0.001;

/** What the pictures depend on beside the page. */
const RECORDED_BY = 'e2e/page/snapshots/recorded-by.json';

test.beforeEach(async ({ page, browser }) => {
  await page.goto('/');
  const fonts = await page.evaluate(() => {
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    const widthIn = (family: string) => {
      if (context) context.font = `100px ${family}`;
      return context?.measureText('Gradproof 0123 Qy').width.toFixed(2);
    };
    return `${widthIn('system-ui')}, ${widthIn('ui-monospace, monospace')}`;
  });
  const here = { browser: browser.version(), fonts };
  const updates = test.info().config.updateSnapshots;
  if (updates === 'all' || updates === 'changed') {
    mkdirSync(dirname(RECORDED_BY), { recursive: true });
    writeFileSync(RECORDED_BY, `${JSON.stringify(here, null, 2)}\n`);
  }
  const recorded = existsSync(RECORDED_BY)
    ? (JSON.parse(readFileSync(RECORDED_BY, 'utf8')) as typeof here)
    : undefined;
  test.skip(
    recorded?.browser !== here.browser,
    `the pictures are of Chromium ${recorded?.browser}, this is ${here.browser}`,
  );
  test.skip(recorded?.fonts !== here.fonts, 'the pictures were drawn with other fonts');
});

/** Compares what is shown with its pictures; numbers that change from run to run are covered. */
async function looksAsBefore(
  page: Page,
  name: string,
  volatile: readonly Locator[] = [],
): Promise<void> {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => scrollTo(0, 0));
      await expect(page).toHaveScreenshot(`${name}-${size.width}-${colorScheme}.png`, {
        maxDiffPixelRatio: TOLERANCE,
        mask: [...volatile],
      });
    }
  }
}

test('the first screen', async ({ page }) => {
  await open(page);
  await looksAsBefore(page, 'first');
});

test('an answer and its details', { tag: '@long' }, async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  await page.getByRole('heading', { level: 1 }).hover();
  await looksAsBefore(page, 'answer', [
    page.getByText(/It took/),
    page.getByText(/checks? chosen/),
  ]);
});

test('someone’s result', async ({ page }) => {
  const fixture = (name: string) => readFileSync(`src/report/fixtures/${name}`, 'utf8');
  const report = readReport(fixture('run.json'), 'the fixture');
  await page.goto(`/#${await encodeLink(report, fixture('plan.txt'), { device: 'ThinkPad T14' })}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Someone’s result');
  await looksAsBefore(page, 'shared');
});

test('fine-tuning', async ({ page }) => {
  await open(page);
  await page.goto('/?view=train');
  await expect(page.getByRole('button', { name: 'Start' })).toBeEnabled();
  await looksAsBefore(page, 'train');
});
