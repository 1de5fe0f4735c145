import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { violations } from './axe.ts';
import { drop } from './drop.ts';
import { answerOf, expect, open, rowOf, runToEnd, test } from './page-test.ts';

/** Breaks SiLU in every worker that the page starts; returns how many workers have the fault. */
async function breakSilu(page: Page): Promise<() => number> {
  let broken = 0;
  await page.route('**/assets/web-worker*.js', async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    const wrong = script.replace(
      'let near = value / (1.0 + exp(',
      'let near = value / (1.0001 + exp(',
    );
    broken += Number(wrong !== script);
    await route.fulfill({ response, body: wrong });
  });
  return () => broken;
}

test('a wrong kernel turns the answer to no, and the details name the number, whose fault it is and how to see it alone', async ({
  page,
}) => {
  const broken = await breakSilu(page);
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  expect(broken(), 'workers with the fault').toBeGreaterThan(0);
  await expect(answerOf(page)).toHaveText(/^\d+ of \d+ checks are wrong\.$/);
  await expect(page.getByText(/^Look at silu: /)).toBeVisible();
  await expect(rowOf(page, /^ops\.nn\.silu, .*\d+ wrong/)).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await rowOf(page, /^legal;.*, wrong$/).click();
  await expect(page.getByText(/^\[[\d, ]+\] is -?[\d.e-]+, should be -?[\d.e-]+$/)).toBeVisible();
  await expect(page.getByRole('term').filter({ hasText: 'Whose fault' })).toBeVisible();
  await expect(page.getByText('kernel: it is wrong elsewhere too', { exact: true })).toBeVisible();

  await page.emulateMedia({ media: 'print' });
  await expect(
    page.getByRole('row', { name: /^ops\.nn \d+ \d+ [1-9]\d* 0$/ }),
    'counts by suite, on paper',
  ).toBeVisible();
  for (const name of ['What is not right', 'Where and when'])
    await expect(page.getByRole('heading', { name })).toBeVisible();
  const code = page.getByLabel('Code of nn/silu', { exact: true });
  await expect(code).toBeVisible();
  const onPaper = await code.evaluate((pre) => ({
    cut: pre.scrollHeight - pre.clientHeight,
    share: pre.clientWidth / document.body.clientWidth,
  }));
  expect(onPaper.cut, 'code is whole').toBeLessThanOrEqual(1);
  expect(onPaper.share, 'and has the width of the page').toBeGreaterThan(0.7);
  await page.emulateMedia({ media: 'screen' });
  await expect(page.getByRole('heading', { name: 'What is not right' })).toBeHidden();

  await page.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'));
  for (const text of [
    page.locator('gp-fault .change').first(),
    page.getByRole('combobox', { name: 'Which checks' }),
    code,
  ]) {
    await expect(text, 'code is no prose').toHaveCSS('direction', 'ltr');
  }
  await page.evaluate(() => document.documentElement.removeAttribute('dir'));

  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save what shows it alone' }).click();
  const { metadata } = readSafetensors(new Uint8Array(readFileSync(await (await saved).path())));
  expect(metadata.get('op')).toBe('silu');
});

test('known failures from a dropped file are not counted as wrong, stay for the next visit, and can be forgotten', async ({
  page,
}) => {
  await breakSilu(page);
  await open(page, '/?filter=ops.nn.silu:legal;*&filter=ops.nn.embedding:exact;*');
  await runToEnd(page);
  await expect(answerOf(page)).toHaveText(/^\d+ of \d+ checks are wrong\.$/);
  const entry = {
    case: 'ops.nn.silu:*',
    adapter: '*',
    reason: 'exp is off',
    link: 'https://example.org/1',
    expires: '9999-12-31',
  };
  const known = (entries: readonly object[]) => ({
    name: 'known.json',
    bytes: new TextEncoder().encode(
      JSON.stringify({ schema: 'gradproof-expectations/1', expectations: entries }),
    ),
  });
  await drop(page, [known([{ ...entry, expires: 'soon' }])]);
  await expect(page.getByRole('alert')).toContainText('known.json: expectations[0].expires');
  await drop(page, [known([entry])]);
  await expect(answerOf(page)).toHaveText(/^\d+ of \d+ checks are right, on the processor\.$/);
  await expect(page.getByText(/\d+ checks failed as is known of this computer\./)).toBeVisible();
  await page.reload();
  await expect(page.getByText('1 known failure from known.json')).toBeVisible();
  await runToEnd(page);
  await expect(page.getByText(/\d+ checks failed as is known of this computer\./)).toBeVisible();
  await page.getByRole('button', { name: 'Forget' }).click();
  await expect(answerOf(page)).toHaveText(/^\d+ of \d+ checks are wrong\.$/);
});
