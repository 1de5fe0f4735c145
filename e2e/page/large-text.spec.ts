import type { Page } from '@playwright/test';
import { expect, open, rowOf, test } from './page-test.ts';

const WIDTH = 320;
test.use({ viewport: { width: WIDTH, height: 640 } });

/** Text of another size, as people set it in their browser. */
const setText = (page: Page, size: string) =>
  page.evaluate((size) => document.documentElement.style.setProperty('font-size', size), size);
const enlarge = (page: Page) => setText(page, '200%');

/**
 * What is wider than the window: the smallest elements that end beyond it, but for what scrolls by
 * itself.
 */
const widest = (page: Page) =>
  page.evaluate((width) => {
    const found: string[] = [];
    const look = (root: ParentNode): boolean => {
      let within = false;
      for (const element of root.children) {
        const { overflowX } = getComputedStyle(element);
        const opens = overflowX === 'visible';
        const inner =
          (opens && look(element)) || (element.shadowRoot ? look(element.shadowRoot) : false);
        const { left, right } = element.getBoundingClientRect();
        const isWide = right > width + 0.5 || left < -0.5;
        if (isWide && !inner) found.push(`${element.outerHTML.slice(0, 200)} ${left}..${right}`);
        within ||= inner || isWide;
      }
      return within;
    };
    if (document.documentElement.scrollWidth > width) look(document.body);
    return { width: document.documentElement.scrollWidth, found };
  }, WIDTH);

/** Every view, with as much on it as an address can bring. */
const VIEWS = {
  check: '/',
  train: '/?view=train',
  compare: '/?view=compare&before=baseline/chromium-swiftshader&after=baseline/node-swiftshader',
  suites: '/?view=suites&row=tb.pipeline.training-with-checkpointing',
  quantize: '/?view=quantize',
  sheet: '/?view=sheet&rank=none',
  matrix: '/?view=matrix',
} as const;

for (const locale of ['en', 'de']) {
  test.describe(`in the browser language ${locale}, with text twice as large at ${WIDTH} pixels`, () => {
    test.use({ locale });

    for (const [view, address] of Object.entries(VIEWS))
      test(`nothing of the view ${view} is wider than the window`, async ({ page }) => {
        await page.goto(address);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        await page.waitForLoadState('networkidle');
        await enlarge(page);
        expect(await widest(page)).toEqual({ width: WIDTH, found: [] });
      });

    test('nothing of a result with its details is wider than the window', { tag: '@long' }, async ({
      page,
    }) => {
      await page.goto('/?filter=ops.nn.silu:legal;*');
      await page.locator('gp-check-view button.primary').click();
      await expect(page.getByRole('treeitem').first()).toBeVisible();
      await expect(page.locator('gp-answer')).toBeVisible();
      await page
        .getByRole('treeitem', { name: /^legal/ })
        .first()
        .click();
      await page.waitForLoadState('networkidle');
      await enlarge(page);
      expect(await widest(page), 'a check').toEqual({ width: WIDTH, found: [] });
      await page.locator('gp-browse .back').click();
      expect(await widest(page), 'the tree').toEqual({ width: WIDTH, found: [] });
    });
  });
}

test('rows of the tree stand right below each other, whatever size text gets', async ({ page }) => {
  await open(page, '/?filter=ops.nn.*');
  const first = rowOf(page, /^ops\.nn, /);
  await expect(first).toHaveAttribute('aria-expanded', 'true');
  const height = async () => (await first.boundingBox())?.height ?? 0;
  /** The farthest that a row is from the end of the one above it, either way. */
  const farthest = () =>
    page.getByRole('treeitem').evaluateAll((rows) => {
      const boxes = rows.map((row) => row.getBoundingClientRect()).sort((a, b) => a.top - b.top);
      const gaps = boxes.slice(1).map(({ top }, i) => Math.abs(top - (boxes[i]?.bottom ?? 0)));
      return gaps.length > 2 ? Math.max(...gaps) : Number.POSITIVE_INFINITY;
    });
  const usual = await height();
  for (const [size, share] of [
    ['200%', 2],
    ['50%', 0.5],
    ['100%', 1],
  ] as const) {
    await setText(page, size);
    await expect.poll(height).toBeCloseTo(share * usual, 1);
    await expect.poll(farthest, `between two rows at ${size}`).toBeLessThan(0.5);
  }
});
