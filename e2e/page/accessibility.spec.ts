import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { expect, open, runToEnd, test } from './page-test.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The rules that the page breaks, with the elements that break them. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run: (root: Document) => Promise<AxeResults> } }).axe.run(document),
  );
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`));
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    test('the first screen, an answer, its details and the share dialog have no violation', async ({ page }) => {
      await open(page);
      expect(await violations(page)).toEqual([]);
      await page.goto('/?filter=ops.nn.silu:legal;*');
      await runToEnd(page);
      await page.getByRole('button', { name: /^ops\.nn\.silu / }).click();
      await page
        .getByRole('button', { name: /^legal/ })
        .first()
        .click();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Copy link' }).click();
      await expect(page.getByRole('dialog').getByRole('textbox')).toHaveValue(/#/);
      expect(await violations(page)).toEqual([]);
      await page.goto(await page.getByRole('dialog').getByRole('textbox').inputValue());
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Someone’s result');
      expect(await violations(page)).toEqual([]);
    });

    test('the fine-tune view and a refused address have no violation', async ({ page }) => {
      await page.goto('/?view=train&tier=huge');
      await expect(page.getByRole('button', { name: 'Start' })).toBeEnabled();
      expect(await violations(page)).toEqual([]);
    });
  });
}
