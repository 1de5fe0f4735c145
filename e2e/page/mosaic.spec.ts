import type { Locator, Page } from '@playwright/test';
import { violations } from './axe.ts';
import { detailOf, expect, open, runToEnd, test } from './page-test.ts';
import { serveWrongSilu } from './wrong-silu.ts';

/** Checks of three families: layers, arithmetic, ternary weights. */
const THREE = '/?filter=ops.nn.silu:*&filter=ops.math.relu6:*&filter=ops.quant.ternary_pack:*';

const mosaicOf = (page: Page) => page.getByRole('region', { name: 'Every check' });
const familyOf = (page: Page, name: string) =>
  mosaicOf(page).getByRole('listitem').filter({ hasText: name });
/** The square that has the focus, or gets it, by the name that is read out. */
const currentOf = (page: Page) => mosaicOf(page).getByRole('option', { selected: true });

/** The middle of the first square of a path, on the screen. */
async function firstSquareOf(path: Locator): Promise<{ x: number; y: number }> {
  await path.scrollIntoViewIfNeeded();
  return path.evaluate((element) => {
    const [x = 0, y = 0] =
      /^M(-?[\d.]+) (-?[\d.]+)/
        .exec(element.getAttribute('d') ?? '')
        ?.slice(1)
        .map(Number) ?? [];
    const { left, top } = (element as SVGPathElement).ownerSVGElement?.getBoundingClientRect() ?? {
      left: 0,
      top: 0,
    };
    return { x: left + x + 4, y: top + y + 4 };
  });
}

test('a wrong kernel turns its squares red, and a click on one leads to that check', async ({
  page,
}) => {
  await using faulty = await serveWrongSilu('1.5');
  await open(page, new URL(THREE, faulty.url).href);
  await runToEnd(page);
  const mosaic = mosaicOf(page);
  await expect(familyOf(page, 'Layers and losses')).toContainText(/[1-9]\d* wrong/);
  await expect(familyOf(page, 'Arithmetic')).toContainText(/[1-9]\d* right/);
  await expect(familyOf(page, 'Arithmetic')).not.toContainText('wrong');
  await expect(mosaic.locator('.family path.wrong'), 'of one family').toHaveCount(1);
  expect(await violations(page)).toEqual([]);

  const { x, y } = await firstSquareOf(mosaic.locator('.family path.wrong'));
  await page.mouse.move(x, y);
  const told = mosaic.locator('.told');
  await expect(told).toHaveText(/^ops\.nn\.silu:.*, wrong$/);
  const id = ((await told.textContent()) ?? '').replace(/, wrong$/, '');
  await page.mouse.click(x, y);
  const row = page.getByRole('treeitem', { selected: true });
  await expect(row).toContainText(id.slice(id.indexOf(':') + 1));
  await expect(row).toBeInViewport();
  await expect(detailOf(page).getByRole('heading').first()).toBeInViewport();
  await expect(page.getByText(/^\[[\d, ]+\] is -?[\d.e-]+, should be /)).toBeVisible();
});

test('without a mouse: one stop for Tab, on what is wrong; arrows go on, Enter opens', {
  tag: '@long',
}, async ({ page }) => {
  await using faulty = await serveWrongSilu('1.5');
  await open(page, new URL(THREE, faulty.url).href);
  await runToEnd(page);
  const stop = mosaicOf(page).locator('[tabindex="0"]');
  await expect(stop).toHaveCount(1);
  await expect(stop).toHaveAccessibleName('Layers and losses');
  await expect(currentOf(page)).toHaveText(/^ops\.nn\.silu:.*, wrong$/);
  await stop.focus();
  await page.keyboard.press('PageDown');
  await expect(stop).toHaveAccessibleName('Arithmetic');
  await expect(stop).toBeFocused();
  await expect(currentOf(page)).toHaveText(/^ops\.math\.relu6:.*, right$/);
  const first = await currentOf(page).textContent();
  await page.keyboard.press('ArrowRight');
  await expect(currentOf(page)).not.toHaveText(first ?? '');
  await page.keyboard.press('ArrowLeft');
  await expect(currentOf(page)).toHaveText(first ?? '');
  await page.keyboard.press('ArrowLeft');
  await expect(stop).toHaveAccessibleName('Layers and losses');
  await page.keyboard.press('PageDown');
  await page.keyboard.press('End');
  const id = ((await currentOf(page).textContent()) ?? '').replace(/, right$/, '');
  await page.keyboard.press('Enter');
  const row = page.getByRole('treeitem', { selected: true });
  await expect(row).toContainText(id.slice(id.indexOf(':') + 1));
  await expect(row).toBeFocused();
});

test('while a run goes, squares wait, and what is computed is told in plain words', async ({
  page,
}) => {
  await open(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const mosaic = mosaicOf(page);
  await expect(mosaic.locator('.told')).toHaveText(/^Now [a-z]+ing /);
  await expect(familyOf(page, 'Attention')).toContainText(/\d+ to come/);
  await expect(mosaic.locator('.family path.right').first()).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
  await expect(mosaic.locator('.told')).toHaveText(/^A square is a check/);
});

test('a link brings its squares along, and one leads to its line', { tag: '@long' }, async ({
  page,
}) => {
  await open(page, THREE);
  await runToEnd(page);
  await page.getByRole('button', { name: 'Share…' }).click();
  const link = page.getByRole('dialog').getByRole('textbox', { name: 'Link', exact: true });
  await expect(link).toHaveValue(/#\S{40,}$/);
  await page.goto(`/${new URL(await link.inputValue()).hash}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Someone’s result');
  await expect(familyOf(page, 'Ternary weights')).toContainText(/[1-9]\d* right/);
  await expect(familyOf(page, 'Attention'), 'which did not run').toBeHidden();
  await mosaicOf(page).locator('[tabindex="0"]').focus();
  await page.keyboard.press('PageDown');
  const name = (await currentOf(page).textContent()) ?? '';
  const id = name.slice(0, name.lastIndexOf(', '));
  await page.keyboard.press('Enter');
  const line = page.locator('gp-linked-suites [aria-current]');
  await expect(line).toContainText(id);
  await expect(line).toBeFocused();
  await expect(line).toBeInViewport();
});

test('narrow or wide, no square is beside its column', { tag: '@long' }, async ({ page }) => {
  await open(page, '/?filter=ops.refusals:*');
  await runToEnd(page);
  for (const width of [320, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    const picture = familyOf(page, 'Wrong and extreme input').locator('svg');
    await expect(picture).toBeVisible();
    // The squares are laid out again after the window has its width.
    await expect(async () => {
      const sides = await mosaicOf(page).evaluate((mosaic) => {
        const { left, right } = mosaic.getBoundingClientRect();
        const squares = mosaic.querySelector('.squares path')?.getBoundingClientRect();
        return { before: (squares?.left ?? -1) - left, after: right - (squares?.right ?? 1e6) };
      });
      expect(Math.min(sides.before, sides.after)).toBeGreaterThanOrEqual(0);
    }).toPass();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      width,
    );
  }
});
