import type { Locator } from '@playwright/test';
import { expect, test } from './page-test.ts';

test.use({ locale: 'de-DE' });

/** Whether the comma of a heading stands at the beginning of a line. */
const commaBegins = (heading: Locator) =>
  heading.evaluate((element) => {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (texts.nextNode() && !texts.currentNode.textContent?.includes(','));
    const comma = texts.currentNode.textContent?.indexOf(',') ?? -1;
    if (comma < 0) throw new Error('no part of the heading has a comma');
    const range = document.createRange();
    range.setStart(texts.currentNode, comma);
    range.setEnd(texts.currentNode, comma + 1);
    return range.getBoundingClientRect().left < element.getBoundingClientRect().left + 5;
  });

test('speaks the browser’s language, and another one where it is chosen, also on the next visit', async ({
  page,
}) => {
  await page.goto('/?filter=ops.nn.silu:legal;*');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    'Kann dieser Rechner ein Sprachmodell nachtrainieren, richtig und schnell?',
  );
  const heading = page.getByRole('heading', { level: 1 });
  await page.setViewportSize({ width: 1440, height: 900 });
  expect(await commaBegins(heading), 'a comma begins no line').toBe(false);
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(
    page.getByRole('region', { name: 'Der Grafikchip ist nicht im Einsatz.' }),
  ).toBeVisible();
  await page.getByRole('button', { name: 'Starten', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Noch einmal', exact: true })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Antwort' })).toContainText(
    /\d+ von \d+ Prüfungen sind richtig, auf dem Prozessor/,
  );
  await page.getByText('Wie dieser Chip rechnet').click();
  await expect(
    page.getByRole('row', { name: /^Runden von Summen zur nächsten Zahl/ }),
  ).toBeVisible();

  await page.getByRole('combobox', { name: 'Sprache' }).selectOption('English');
  await expect(page.getByRole('region', { name: 'Answer' })).toContainText(
    /\d+ of \d+ checks are right/,
  );
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Can this computer/);
});
