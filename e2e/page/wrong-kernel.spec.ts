import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { covers } from '../../src/catalog/covers.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { violations } from './axe.ts';
import { drop } from './drop.ts';
import { answerOf, detailOf, expect, open, rowOf, runToEnd, test } from './page-test.ts';
import { serveWrongSilu } from './wrong-silu.ts';

test('a wrong kernel turns the answer to no, and the details name the number, whose fault it is and how to see it alone', async ({
  page,
}) => {
  await using faulty = await serveWrongSilu();
  await open(page, `${faulty.url}?filter=ops.nn.silu:legal;*`);
  await runToEnd(page);
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

test('a wrong check has a command and a link that lead to the same failure', {
  ...covers('fsdp.utilities.clear-failure-feedback/reproduce-line').control(
    'the command does not name the seed',
    { file: 'src/report/reproduce.ts', from: '    ...seed,', to: '' },
  ),
  tag: '@long',
}, async ({ page }) => {
  await using faulty = await serveWrongSilu();
  await open(page, `${faulty.url}?filter=ops.nn.silu:legal;*&seed=7`);
  await runToEnd(page);
  await rowOf(page, /^legal;x=7x37, wrong$/).click();
  const told = page.getByText(/^\[[\d, ]+\] is -?[\d.e-]+, should be -?[\d.e-]+$/);
  const failure = (await told.textContent()) ?? '';
  await expect(
    detailOf(page).getByText(
      "npm start -- --headless --filter 'ops.nn.silu:legal;x=7x37' --seed 7",
      { exact: true },
    ),
  ).toBeVisible();
  await detailOf(page).getByRole('link', { name: 'Link to this check' }).click();
  await expect(page).toHaveURL(/\?filter=ops\.nn\.silu:legal;x=7x37&seed=7$/);
  await open(page, page.url());
  await runToEnd(page);
  await expect(answerOf(page)).toHaveText('1 of 1 check is wrong.');
  await rowOf(page, /^legal;x=7x37, wrong$/).click();
  await expect(told).toHaveText(failure);
});

test('a wrong check shows what did not hold, by how much, where, in which kernel, and with which seed', {
  ...covers('fsdp.utilities.clear-failure-feedback/failure-fields').control(
    'the sum is that of the text as it is written',
    {
      file: 'src/ui/cases/kernel-code.ts',
      from: 'encode(linked)',
      to: 'encode(written)',
    },
  ),
  tag: '@long',
}, async ({ page }) => {
  await using faulty = await serveWrongSilu();
  await open(page, `${faulty.url}?filter=ops.nn.silu:legal;x=7x37&seed=7`);
  await runToEnd(page);
  await rowOf(page, /^legal;x=7x37, wrong$/).click();
  const detail = detailOf(page);
  const fact = (term: string) =>
    detail.getByRole('term').filter({ hasText: term }).locator('xpath=following-sibling::dd[1]');
  await expect(fact('What is wrong')).toHaveText(
    /^.*y\[[\d, ]+\] is [-\d.e]+ and should be [-\d.e]+; .*bound/,
  );
  await expect(fact('First wrong element')).toHaveText(
    /^\[\d+, \d+\] is -?[\d.e-]+, should be -?[\d.e-]+$/,
  );
  await expect(fact('Bound used')).toHaveText(
    /^[\d.,]+ times the error that a right chip may make/,
  );
  await expect(fact('Kernels')).toHaveText('nn/silu');
  await expect(detail.getByText(/--seed 7$/)).toBeVisible();
  await detail.getByRole('radio', { name: /as the browser gets it/ }).check();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await detail.getByRole('button', { name: 'Copy the code' }).click();
  await expect(detail.getByText('Copied.')).toBeVisible();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  expect(code).toContain('fn main(');
  const sum = createHash('sha256').update(code).digest('hex');
  await expect(detail.getByText(`SHA-256 of what the browser gets: ${sum}`)).toBeVisible();
});

test('the answer lists what is wrong by its kernel, and a click leads to a check, whatever hides it', {
  tag: '@long',
}, async ({ page }) => {
  await using faulty = await serveWrongSilu('1.5');
  await open(
    page,
    `${faulty.url}?filter=ops.nn.silu:*&filter=nn.activation-after-layer:*&filter=ops.nn.embedding:exact;*`,
  );
  const field = page.getByRole('combobox', { name: 'Which checks' });
  await expect(field).toBeVisible();
  await page.keyboard.press('d');
  await expect(field).toBeHidden();
  await runToEnd(page);

  const wrong = page.getByRole('region', { name: 'What is wrong' });
  await expect(wrong.getByRole('heading').first()).toHaveText(/dispatch(es)? nn\/silu/);
  const ways = wrong.getByRole('listitem').getByRole('button');
  await expect(ways).toHaveCount(5);
  await expect(wrong.getByRole('listitem').first()).toContainText(
    /\[[\d, ]+\] is [-.\de]+ and should be/,
  );
  const id = (await ways.nth(1).textContent()) ?? '';
  expect(await violations(page)).toEqual([]);

  const row = page.getByRole('treeitem', { selected: true });
  const isShown = async () => {
    await expect(row).toHaveText(new RegExp(id.split(':')[1]?.replaceAll('*', '\\*') ?? ''));
    await expect(row).toBeFocused();
    await expect(row).toBeInViewport();
    await expect(detailOf(page).getByRole('heading').first()).toBeInViewport();
    await expect(page.getByText(/^\[[\d, ]+\] is -?[\d.e-]+, should be /)).toBeVisible();
  };
  await ways.nth(1).click();
  await isShown();

  await field.fill('ops.nn.embedding:*');
  await expect(row).toBeHidden();
  await ways.nth(1).click();
  await isShown();
  await expect(field).toHaveValue('');

  await wrong.getByRole('button', { name: /^Show \d+ more in the details$/ }).click();
  await expect(rowOf(page, /^ops, .*\d+ wrong/)).toBeFocused();
  await expect(rowOf(page, /^legal;.*, wrong$/)).toBeInViewport();
});

test('known failures from a dropped file are not counted as wrong, stay for the next visit, and can be forgotten', {
  tag: '@long',
}, async ({ page }) => {
  await using faulty = await serveWrongSilu();
  await open(page, `${faulty.url}?filter=ops.nn.silu:legal;*&filter=ops.nn.embedding:exact;*`);
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
