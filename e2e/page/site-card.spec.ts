import { readFileSync } from 'node:fs';
import { CARD_SIZE } from '../../src/report/card.ts';
import { siteCard } from '../screenshot/site-card.ts';
import { isDrawnFrom, sizeOf, stamped } from '../screenshot/stamped.ts';
import { expect, test } from './page-test.ts';
import { pixelsOf } from './pixels.ts';

const card = siteCard('.');
const picture = readFileSync('public/card.png');

test('the picture of links to the page says what the page says of itself', () => {
  for (const part of [
    'correctly and fast?<',
    '>One click answers, on the GPU in front of you.<',
    'system-ui',
  ])
    expect(card).toContain(part);
});

test('the picture in public/ is drawn from that; else: node scripts/screenshot.mjs card', () => {
  expect(isDrawnFrom(picture, card)).toBe(true);
  expect(isDrawnFrom(picture, `${card} `)).toBe(false);
  expect(isDrawnFrom(stamped(picture, 'another'), 'another')).toBe(true);
});

test('the page has it beside it, 1200 by 630 pixels with something on them', async ({
  page,
  server,
}) => {
  await page.goto('/');
  const served = await page.request.get(new URL('card.png', server.url).href);
  const bytes = await served.body();
  expect(sizeOf(bytes)).toEqual(CARD_SIZE);
  const pixels = await pixelsOf(page, bytes);
  expect([pixels.width, pixels.height]).toEqual([CARD_SIZE.width, CARD_SIZE.height]);
  expect(pixels.at(600, 5)).toBe('#0d5c63');
  for (const [y, height] of [
    [48, 48],
    [124, 110],
    [330, 200],
  ] as const)
    expect(pixels.colours(48, y, 1104, height)).toBeGreaterThan(8);
  await expect(page.locator('meta[property="og:title"]')).toHaveAttribute('content', /^Gradproof:/);
  await expect(
    page.locator('meta[property="og:image"]'),
    'this build does not know where others find it',
  ).toHaveCount(0);
});
