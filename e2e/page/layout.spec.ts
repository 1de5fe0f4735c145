import type { Locator, Page } from '@playwright/test';
import { violations } from './axe.ts';
import { expect, open, runToEnd, test } from './page-test.ts';

/** Where something stands on the page. */
async function placeOf(locator: Locator): Promise<DOMRect> {
  await expect(locator).toBeVisible();
  return locator.evaluate((element) => element.getBoundingClientRect().toJSON());
}

const sheetOf = (page: Page) =>
  page.getByRole('region', { name: 'Which models could learn here?' });
const chartOf = (page: Page) => page.getByRole('img', { name: /checks with a bound/ });

test('from 1200 pixels the way to the model sheet, the checks, recordings and charts stand beside the question', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1200, height: 800 });
  await open(page, '/?filter=ops.nn.silu:legal;*');
  const question = await placeOf(page.getByRole('heading', { level: 1 }));
  const beside = [sheetOf(page), page.getByRole('region', { name: 'Recordings' })];
  for (const one of beside)
    expect((await placeOf(one)).left).toBeGreaterThanOrEqual(question.right);
  await runToEnd(page);
  const answer = await placeOf(page.getByRole('region', { name: 'Answer' }));
  for (const one of [...beside, page.getByRole('region', { name: 'Every check' }), chartOf(page)])
    expect((await placeOf(one)).left).toBeGreaterThanOrEqual(answer.right);
  const details = await placeOf(page.getByRole('region', { name: 'Details' }));
  expect(details.left).toBeLessThanOrEqual(answer.left);
  expect(details.right).toBeGreaterThan((await placeOf(chartOf(page))).left);
  expect(details.top, 'below both').toBeGreaterThanOrEqual((await placeOf(chartOf(page))).bottom);
  await page.getByText('Charts', { exact: true }).click();
  await expect(chartOf(page)).toBeHidden();
});

test('charts that no person closed are open again where there is room again', {
  tag: '@long',
}, async ({ page }) => {
  await page.setViewportSize({ width: 1200, height: 800 });
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  await expect(chartOf(page)).toBeVisible();
  for (let i = 0; i < 20; i++) {
    for (const width of [1199, 1200]) await page.setViewportSize({ width, height: 800 });
    await page.waitForTimeout(3 * i);
  }
  await expect(chartOf(page)).toBeVisible();
});

test('below 1200 pixels there is one column, without the way to the model sheet before a run and with charts closed', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1199, height: 800 });
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await expect(page.getByRole('region', { name: 'Recordings' })).toBeVisible();
  await expect(sheetOf(page)).toBeHidden();
  await runToEnd(page);
  const answer = await placeOf(page.getByRole('region', { name: 'Answer' }));
  expect((await placeOf(page.getByRole('region', { name: 'Every check' }))).top).toBeGreaterThan(
    answer.bottom,
  );
  expect((await placeOf(sheetOf(page))).left).toBe(answer.left);
  await expect(chartOf(page)).toBeHidden();
  await page.getByText('Charts', { exact: true }).click();
  await expect(chartOf(page)).toBeVisible();
});

test.describe('where links of the header have no room', () => {
  test.use({ viewport: { width: 320, height: 640 } });

  /** Text twice as large, as people set it: then there is room for one or two. */
  const enlarge = (page: Page) =>
    page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));

  const sticksOut = (page: Page) =>
    page.locator('header').evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth);

  test('they stay in one row, and a menu has all of them, by keyboard too', async ({ page }) => {
    await open(page);
    const all = await page.locator('nav .links a').count();
    await enlarge(page);
    const navigation = page.getByRole('navigation', { name: 'Views' });
    const button = navigation.getByRole('button', { name: 'All views' });
    await expect(button).toBeVisible();
    const links = navigation.getByRole('link');
    const shown = await links.count();
    expect(shown).toBeLessThan(all);
    const tops = await links.evaluateAll((those) =>
      those.map((link) => link.getBoundingClientRect().top),
    );
    expect(new Set(tops).size, 'rows').toBe(Math.min(1, shown));
    expect(await sticksOut(page)).toBe(false);

    await expect(button).toHaveAttribute('aria-expanded', 'false');
    await button.focus();
    await page.keyboard.press('Enter');
    await expect(button).toHaveAttribute('aria-expanded', 'true');
    const menu = navigation.locator('.menu');
    await expect(menu.getByRole('link')).toHaveCount(all);
    await expect(menu.getByRole('link', { name: 'Check this computer' })).toBeInViewport();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Tab');
    await expect(menu.getByRole('link').first()).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(menu).toBeHidden();
    await expect(button).toBeFocused();
    await expect(button).toHaveAttribute('aria-expanded', 'false');

    await page.keyboard.press('Enter');
    await menu.getByRole('link', { name: 'Compare' }).press('Enter');
    await expect(page).toHaveURL(/view=compare/);
    await expect(menu).toBeHidden();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });

  test('in German too', async ({ page }) => {
    await open(page);
    await enlarge(page);
    await page.getByRole('combobox', { name: 'Language' }).selectOption('de');
    await page.getByRole('button', { name: 'Alle Ansichten' }).click();
    await expect(page.getByRole('link', { name: 'Diesen Rechner prüfen' }).last()).toBeInViewport();
    expect(await sticksOut(page)).toBe(false);
  });
});

test('where there is room for all links there is no menu', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 800 });
  await open(page);
  const navigation = page.getByRole('navigation', { name: 'Views' });
  await expect(navigation.getByRole('link', { name: 'Check this computer' })).toBeVisible();
  await expect(navigation.getByRole('button')).toHaveCount(0);
});
