import type { Page } from '@playwright/test';
import type { MosaicElement } from '../../src/ui/mosaic/mosaic-element.ts';
import { expect, open, test } from './page-test.ts';
import { longTasksDuring } from './trace.ts';

/** More checks than any tier has. */
const SQUARES = 6000;
const PICTURES = 30;

/** A mosaic of so many checks, in the page's own element, by the suites of the plan. */
async function fill(page: Page, squares: number): Promise<void> {
  await open(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('gp-mosaic .family').first()).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
  await page.locator('gp-mosaic').evaluate((element, count) => {
    const mosaic = element as MosaicElement;
    const { squares: plan } = mosaic;
    mosaic.squares = Array.from({ length: count }, (_, i) => ({
      suite: plan[Math.floor((i * plan.length) / count)]?.suite,
      key: String(i),
      state: 'waiting',
    }));
  }, squares);
}

/** A picture after the other, sixty checks further each, as a run shows them. */
async function redraw(page: Page, pictures: number): Promise<void> {
  await page.locator('gp-mosaic').evaluate(async (element, count) => {
    const mosaic = element as MosaicElement;
    for (let picture = 0; picture < count; picture++) {
      const from = Math.floor((picture * mosaic.squares.length) / count);
      mosaic.squares = mosaic.squares.map((square, i) =>
        i >= from && i < from + 60
          ? { ...square, state: i % 40 === 0 ? 'wrong' : 'right' }
          : square,
      );
      await mosaic.updateComplete;
      await new Promise(requestAnimationFrame);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }, pictures);
}

test(`a mosaic of ${SQUARES} checks is drawn anew without a task that is noticed`, async ({
  page,
}) => {
  await fill(page, SQUARES);
  const found = await longTasksDuring(page, () => redraw(page, PICTURES));
  await expect(page.locator('gp-mosaic path.wrong').first()).toBeVisible();
  expect(found).toEqual([]);
});
