import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { expect, open, runToEnd, test } from './page-test.ts';
import { pixelsOf } from './pixels.ts';
import { serveWrongSilu } from './wrong-silu.ts';

const RED = '#a3241d';
const GREEN = '#14663a';

/** The upper left corners of the squares of a colour, in pixels of the card. */
function squaresOf(svg: string, colour: string): readonly (readonly [x: number, y: number])[] {
  const [, left, top, path] =
    new RegExp(
      `<path transform="translate\\((\\d+) ([\\d.]+)\\)" fill-rule="evenodd" fill="${colour}" d="([^"]*)"`,
    ).exec(svg) ?? [];
  // Crosses begin with a line to a side; squares go right.
  return [...(path ?? '').matchAll(/M(-?[\d.]+) (-?[\d.]+)h/g)].map(
    ([, x, y]) =>
      [Math.round(Number(left) + Number(x)), Math.round(Number(top) + Number(y))] as const,
  );
}

/** Opens the share dialog of a finished run. */
async function share(page: Page, button = 'Share…'): Promise<Locator> {
  await page.getByRole('button', { name: button }).click();
  return page.getByRole('dialog');
}

/** The bytes of the card that a button saves. */
async function saved(page: Page, button: string): Promise<Buffer> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^gradproof-[\w-]+\.png$/);
  return readFileSync(await download.path());
}

test('a result is a card of 1200 by 630 pixels, to save and to copy, with the name of the computer', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  const dialog = await share(page);
  const card = dialog.getByRole('img', { name: /^Gradproof: (\d+) of \1 checks are right/ });
  await expect(card).toBeVisible();
  await dialog.getByRole('textbox', { name: 'A name for this computer' }).fill('ThinkPad T14 <b>');
  await expect(card).toHaveAttribute('alt', /ThinkPad T14 <b> · software rendering/);

  const file = await saved(page, 'Save the card');
  const pixels = await pixelsOf(page, file);
  expect([pixels.width, pixels.height]).toEqual([1200, 630]);
  expect(pixels.at(2, 620), 'the page of light mode').toBe('#faf9f6');
  expect(pixels.at(600, 5), 'the tone of the answer').toBe('#735000');
  for (const [what, y, height] of [
    ['brand', 48, 48],
    ['headline', 124, 60],
    ['forecast', 330, 100],
  ] as const)
    expect(pixels.colours(48, y, 1104, height), `${what} is drawn`).toBeGreaterThan(8);

  await dialog.getByRole('button', { name: 'Copy the card' }).click();
  await expect(dialog.getByText('Copied.')).toBeVisible();
  const copied = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const picture = await createImageBitmap((await item?.getType('image/png')) as Blob);
    return [picture.width, picture.height];
  });
  expect(copied).toEqual([1200, 630]);
});

test('a planted fault is a red square on the card, where a right check is a green one', {
  tag: '@long',
}, async ({ page }) => {
  await using faulty = await serveWrongSilu();
  await open(page, `${faulty.url}?filter=ops.nn.silu:legal;*&filter=ops.math.relu:legal;*`);
  await runToEnd(page);
  const dialog = await share(page);
  const card = dialog.getByRole('img', { name: /^Gradproof: \d+ of \d+ checks are wrong/ });
  const svg = decodeURIComponent((await card.getAttribute('src')) ?? '');
  const pixels = await pixelsOf(page, await saved(page, 'Save the card'));
  expect(pixels.at(600, 5), 'the tone of the answer').toBe(RED);
  for (const colour of [RED, GREEN]) {
    const corners = squaresOf(svg, colour);
    expect(corners.length, `squares of ${colour}`).toBeGreaterThan(0);
    for (const [x, y] of corners) expect(pixels.at(x + 2, y + 2)).toBe(colour);
  }
});

test.describe('in German, dark', () => {
  test.use({ locale: 'de', colorScheme: 'dark' });

  test('a card speaks German, and is light all the same', async ({ page }) => {
    await page.goto('/?filter=ops.nn.silu:legal;*');
    await page.getByRole('button', { name: 'Starten', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Noch einmal', exact: true })).toBeVisible();
    const dialog = await share(page, 'Teilen …');
    await expect(
      dialog.getByRole('img', { name: /^Gradproof: (\d+) von \1 Prüfungen sind richtig/ }),
    ).toBeVisible();
    const pixels = await pixelsOf(page, await saved(page, 'Karte speichern'));
    expect(pixels.at(2, 620)).toBe('#faf9f6');
  });
});
