import { violations } from './axe.ts';
import { dropRecordings } from './drop.ts';
import { answerOf, detailOf, expect, open, rowOf, runToEnd, test } from './page-test.ts';
import { longTasksDuring } from './trace.ts';

const SOME = '/?filter=ops.nn.silu:legal;*';

test('behind a case: inputs, errors by the bound, its fault, its kernel, and how to check it elsewhere', {
  tag: '@long',
}, async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page, SOME);
  await rowOf(page, /^legal/).click();
  const detail = detailOf(page);
  await expect(detail.getByRole('table').first(), 'inputs are read without a run').toContainText(
    /x\s*f32\[/,
  );
  await expect(detail.getByRole('button', { name: 'nn/silu', exact: true })).toBeVisible();

  await detail.getByRole('button', { name: 'Run it alone and look closer' }).click();
  await expect(detail.getByText('Run alone:')).toContainText('right');
  await expect(
    detail.getByRole('img', { name: /\d+ elements were compared, 0 are beyond the bound/ }),
  ).toBeVisible();
  await expect(detail.getByRole('button', { name: 'nn/silu dispatched' })).toBeVisible();
  await expect(detail.getByText('the fault changes this')).toBeVisible();

  await detail.getByRole('button', { name: 'Try it: run with this fault' }).click();
  await expect(detail.getByText('It turned the check red, as it must.')).toContainText(/should be/);

  await detail.getByRole('radio', { name: /as the browser gets it/ }).check();
  await detail.getByRole('button', { name: 'Copy the code' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toContain('@compute');
  await expect(
    detail.getByText(/^npm start -- --headless --filter 'ops\.nn\.silu:legal;/),
  ).toBeVisible();
  await detail.getByRole('button', { name: 'Copy as issue text' }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^### `ops\.nn\.silu:legal;.*`: pass/);
  await detail.getByRole('button', { name: 'The same inputs for Python' }).click();
  await detail.getByText('Check it in Python').click();
  await expect(detail.getByLabel('Python', { exact: true })).toContainText('F.silu(x["x"])');
  expect(await violations(page)).toEqual([]);
});

test('a branch runs by its pattern, and runs again into the same report', { tag: '@long' }, async ({
  page,
}) => {
  await open(page, '/?filter=ops.nn.silu:legal;*&filter=ops.nn.softmax:legal;*');
  await runToEnd(page);
  const headline = /^(\d+) of \1 checks are right/;
  await expect(answerOf(page)).toHaveText(headline);
  const before = (await answerOf(page).textContent()) ?? '';
  await rowOf(page, /^softmax, \d+ right$/).click();
  await detailOf(page)
    .getByRole('button', { name: /^Rerun (this check|these \d+ checks)$/ })
    .click();
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
  await expect(answerOf(page), 'the report has all of its checks').toHaveText(before.trim());
  await expect(rowOf(page, /^silu, \d+ right$/)).toBeVisible();
});

test('ten thousand cases scroll without a long task, by wheel and by keyboard', {
  tag: '@full',
}, async ({ page }) => {
  await open(page);
  await dropRecordings(page, 10_000);
  const root = rowOf(page, /^parity\.matmul, /);
  await expect(root).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(answerOf(page)).toBeVisible();
  await expect(rowOf(page, /^case-00000/)).toHaveAttribute('aria-setsize', '10000');
  expect(await page.getByRole('treeitem').count(), 'rows in the document').toBeLessThan(120);

  await root.scrollIntoViewIfNeeded();
  await root.hover();
  const frames = await page.evaluateHandle(() => {
    const gaps: number[] = [];
    let last = performance.now();
    const tick = (now: number) => {
      gaps.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    return gaps;
  });
  const found = await longTasksDuring(page, async () => {
    for (let i = 0; i < 60; i++) {
      await page.mouse.wheel(0, 2400);
      await page.waitForTimeout(16);
    }
    await root.focus();
    await page.keyboard.press('End');
    await expect(rowOf(page, /^case-09999/)).toBeFocused();
    for (let i = 0; i < 20; i++) await page.keyboard.press('PageUp');
    await page.keyboard.press('Home');
    await expect(root).toBeFocused();
  });
  const gaps = (await frames.jsonValue()).sort((a, b) => a - b);
  test.info().annotations.push({
    type: 'measured',
    description: `frames: median ${gaps[gaps.length >> 1]?.toFixed(1)} ms, 95 of 100 within ${gaps[Math.floor(gaps.length * 0.95)]?.toFixed(1)} ms`,
  });
  expect(found).toEqual([]);
});
