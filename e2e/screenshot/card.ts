import { writeFileSync } from 'node:fs';
import { CARD_SIZE } from '../../src/report/card.ts';
import { test } from '../page/page-test.ts';
import { siteCard } from './site-card.ts';
import { stamped } from './stamped.ts';

test.use({ viewport: CARD_SIZE });

test('public/card.png, the picture of links to the page', async ({ page }) => {
  const card = siteCard(process.cwd());
  await page.setContent(`<body style="margin: 0">${card}</body>`);
  writeFileSync('public/card.png', stamped(await page.screenshot(), card));
});
