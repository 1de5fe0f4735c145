import { readFileSync } from 'node:fs';
import { readParityBundle } from '../../src/formats/parity-bundle.ts';
import { answerOf, expect, open, runToEnd, test } from './page-test.ts';

test('a wrong kernel turns the answer to no, and the details name the number, whose fault it is and how to see it alone', async ({
  page,
}) => {
  let broken = 0;
  await page.route('**/assets/web-worker*.js', async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    const wrong = script.replace('let near = value / (1.0 + exp(', 'let near = value / (1.0001 + exp(');
    broken += Number(wrong !== script);
    await route.fulfill({ response, body: wrong });
  });
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  expect(broken, 'workers with the fault').toBeGreaterThan(0);
  await expect(answerOf(page)).toHaveText(/^\d+ of \d+ checks are wrong\.$/);
  await expect(page.getByText(/^Look at silu: /)).toBeVisible();
  const suite = page.getByRole('button', { name: /^ops\.nn\.silu / });
  await expect(suite).toContainText(/\d+ wrong/);
  await suite.click();
  await page
    .getByRole('button', { name: /^legal;.* wrong$/ })
    .first()
    .click();
  await expect(page.getByText(/^\[[\d, ]+\] is -?[\d.e-]+, should be -?[\d.e-]+$/)).toBeVisible();
  await expect(page.getByRole('term').filter({ hasText: 'Whose fault' })).toBeVisible();
  await expect(page.getByText('kernel', { exact: true })).toBeVisible();

  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save what shows it alone' }).click();
  const bundle = readParityBundle(new Uint8Array(readFileSync(await (await saved).path())));
  expect(bundle.op).toBe('silu');
});
