import { servePage } from '../../src/cli/server.ts';
import { violations } from './axe.ts';
import { expect, open, rowOf, runToEnd, test } from './page-test.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    test('the first screen, an answer, its details and the share dialog have no violation', {
      tag: colorScheme === 'dark' ? '@full' : '@quick',
    }, async ({ page }) => {
      // A link that opens on this computer only has no QR code and no badge.
      await using server = await servePage('dist/page', 0, 'https://example.org/gradproof/');
      await open(page, server.url);
      expect(await violations(page)).toEqual([]);
      await page.goto(`${server.url}?filter=ops.nn.silu:legal;*`);
      await runToEnd(page);
      await rowOf(page, /^ops\.nn\.silu, /).click({ position: { x: 40, y: 10 } });
      await rowOf(page, /^ops\.nn\.silu, /).click();
      expect(await violations(page), 'a suite').toEqual([]);
      await rowOf(page, /^legal/).click();
      await page.getByRole('combobox', { name: 'Which checks' }).fill('silu');
      await expect(page.getByRole('listbox', { name: 'Suggestions' })).toBeVisible();
      expect(await violations(page), 'suggestions').toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByText('How this chip computes').click();
      await expect(
        page.getByRole('table', { name: /Found by computing/ }).getByRole('row'),
      ).toHaveCount(16);
      expect(await violations(page)).toEqual([]);
      await expect(
        page.getByRole('heading', { name: 'Which models could learn here?' }),
      ).toBeVisible();
      await expect(page.getByRole('img', { name: /checks with a bound/ })).toBeVisible();
      await page.getByRole('button', { name: 'Keyboard' }).click();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Share…' }).click();
      await expect(
        page.getByRole('dialog').getByRole('textbox', { name: 'Link', exact: true }),
      ).toHaveValue(/#/);
      for (const part of ['QR code', 'Badge and Markdown', 'Save as a file'])
        await page.getByRole('dialog').getByText(part).click();
      await expect(
        page.getByRole('dialog').getByRole('button', { name: 'Report (JSON)' }),
      ).toBeVisible();
      expect(await violations(page)).toEqual([]);
      const link = await page
        .getByRole('dialog')
        .getByRole('textbox', { name: 'Link', exact: true })
        .inputValue();
      await page.goto(server.url + new URL(link).hash);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Someone’s result');
      expect(await violations(page)).toEqual([]);
    });

    test('the model sheet has no violation', async ({ page }) => {
      await page.goto('/?view=sheet&rank=none&memory=8&sort=-total');
      await expect(page.getByRole('table', { name: 'What each model takes' })).toBeVisible();
      await page.getByText('What this rests on').click();
      expect(await violations(page)).toEqual([]);
    });

    test('the fine-tune view and a refused address have no violation', async ({ page }) => {
      await page.goto('/?view=train&tier=huge');
      await expect(page.getByRole('button', { name: 'Start' })).toBeEnabled();
      expect(await violations(page)).toEqual([]);
    });
  });
}
