import { covers } from '../../src/catalog/covers.ts';
import {
  answerOf,
  detailOf,
  expect,
  open,
  rowOf,
  runToEnd,
  savedReport,
  test,
} from './page-test.ts';

const SOME = '/?filter=ops.nn.silu:legal;*';

test('runs the chosen checks to their end and answers in plain words', async ({ page }) => {
  await open(page, SOME);
  await runToEnd(page);
  await expect(answerOf(page)).toHaveText(/^(\d+) of \1 checks are right, on the processor\.$/);
  await expect(
    page.getByText('The graphics chip was not in use: results are right, but slow.'),
  ).toBeVisible();
  await expect(page.locator('gp-answer')).toContainText('chrome://settings/system');
  await expect(rowOf(page, /^ops\.nn\.silu, \d+ right$/)).toBeVisible();
});

test('shows what was computed, by which kernel, and repeats a check alone', async ({ page }) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  await runToEnd(page);
  await rowOf(page, /^legal/).click();
  await expect(page.getByText(/of the error that a right chip may make/)).toBeVisible();
  await expect(page.getByText(/^nn\/\w+$/)).toBeVisible();
  await page.getByRole('button', { name: 'Run it alone and look closer' }).click();
  await expect(page.getByText('Run alone:')).toContainText('right');
  const link = await page.getByRole('link', { name: 'Link to this check' }).getAttribute('href');
  expect(link).toMatch(/^\?filter=ops\.nn\.silu:legal;x=/);
});

test(
  'an address with an id runs that check alone, and shows how many numbers it compared',
  covers('fsdp.utilities.run-single-test-by-id/page-filter-runs-one').control(
    'an id chooses those that begin with it, too',
    {
      file: 'src/harness/filter.ts',
      from: 'whole.has(text)',
      to: '[...whole].some((id) => text.startsWith(id))',
    },
  ),
  async ({ page }) => {
    // With this id five others begin.
    const id = 'ops.math.clip:exact;x=13;values=corners';
    await open(page, `/?filter=${id}`);
    await runToEnd(page);
    await expect(answerOf(page)).toHaveText('1 of 1 check is right, on the processor.');
    const { results } = await savedReport(page);
    expect(results.map((result) => result.id)).toEqual([id]);
    await rowOf(page, /^exact/).click();
    const compared = results[0]?.assertions.toLocaleString('en');
    await expect(detailOf(page)).toContainText(
      new RegExp(`Numbers compared\\s*${compared}(?!\\d)`),
    );
  },
);

test('stops when asked, and concludes nothing from a part', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText(/^[1-9]\d* of [\d,]+ checks$/)).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(answerOf(page)).toHaveText(/^Stopped after \d+ checks?, all right so far\.$/);
  await expect(page.getByText('Yes')).toBeHidden();
});

test('saves the report, which its own reader accepts', async ({ page }) => {
  await open(page, SOME);
  await runToEnd(page);
  const report = await savedReport(page);
  expect(report.summary.passed).toBeGreaterThan(0);
  expect(report.summary.passed).toBe(report.summary.total);
  expect(
    report.results.every(({ kernels }) => kernels.some((kernel) => kernel.startsWith('nn/'))),
  ).toBe(true);
});
