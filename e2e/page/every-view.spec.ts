import type { Page } from '@playwright/test';
import { expect, test } from './page-test.ts';

/** What the browser told of the page while it was shown. */
interface Told {
  readonly shifts: readonly string[];
  readonly violations: readonly string[];
}

/** Collects layout shifts and violations of the policy from before the page's first line on. */
function watch(): void {
  const told = { shifts: [] as string[], violations: [] as string[] };
  Object.assign(globalThis, { told });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
      sources: { node?: Element }[];
    })[]) {
      const moved = entry.sources.map(({ node }) => node?.localName ?? '?').join(', ');
      if (!entry.hadRecentInput)
        told.shifts.push(`${entry.value.toFixed(4)} at ${entry.startTime.toFixed(0)} ms: ${moved}`);
    }
  }).observe({ type: 'layout-shift', buffered: true });
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    told.violations.push(`${violatedDirective}: ${blockedURI}`);
  });
}

const toldBy = (page: Page) => page.evaluate(() => (globalThis as unknown as { told: Told }).told);

/** The addresses that the page's own navigation leads to. */
async function views(page: Page): Promise<readonly string[]> {
  await page.goto('/');
  const links = page.locator('nav .links a');
  await expect(links.first()).toBeAttached();
  return links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
}

/** Waits until a view has loaded what it loads by itself. */
async function settled(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.waitForLoadState('networkidle');
}

test('every view stands still while it loads, breaks no rule of its policy and asks no other server', {
  tag: '@long',
}, async ({ page, server }) => {
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !/^(?:data|blob):/.test(request.url()))
      foreign.push(request.url());
  });
  await page.addInitScript(watch);
  for (const address of await views(page)) {
    await page.goto(`/${address}`);
    await settled(page);
    expect.soft(await toldBy(page), address).toEqual({ shifts: [], violations: [] });
  }
  expect(foreign).toEqual([]);
});

test.describe('what the browser logs as errors', () => {
  test.use({ mayLogErrors: true });

  test('a rule of the policy that is broken is seen', async ({ page }) => {
    await page.addInitScript(watch);
    await page.goto('/');
    await settled(page);
    await page.evaluate(() => document.body.setAttribute('style', 'color: red'));
    await expect
      .poll(async () => (await toldBy(page)).violations)
      .toContain('style-src-attr: inline');
  });
});

for (const width of [320, 768, 1440]) {
  test(`at ${width} pixels no view sticks out, in either direction of writing, in forced colours or in print`, {
    tag: width === 320 ? '@quick' : '@long',
  }, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    for (const address of await views(page)) {
      await page.goto(`/${address}`);
      await settled(page);
      for (const dir of ['ltr', 'rtl']) {
        await page.evaluate((direction) => {
          document.documentElement.dir = direction;
        }, dir);
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth),
          `${address} ${dir}`,
        ).toBeLessThanOrEqual(width);
      }
      await page.emulateMedia({ media: 'print', forcedColors: 'active', contrast: 'more' });
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth),
        `${address} in print`,
      ).toBeLessThanOrEqual(width);
      await page.emulateMedia({ media: null, forcedColors: null, contrast: null });
    }
  });
}
