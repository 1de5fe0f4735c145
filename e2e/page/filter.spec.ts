import { covers } from '../../src/catalog/covers.ts';
import { gradproof } from '../cli/gradproof.ts';
import { detailOf, expect, open, rowOf, test } from './page-test.ts';

test('the address chooses tier and checks, and follows the fields', async ({ page }) => {
  await open(page, '/?tier=full&filter=ops.matmul.matmul:exact;*');
  const field = page.getByRole('combobox', { name: 'Which checks' });
  await expect(field).toHaveValue('ops.matmul.matmul:exact;*');
  await expect(page.getByRole('combobox', { name: 'How much' })).toHaveValue('full');
  await field.fill('ops.matmul.* !*gradient*');
  await page.getByRole('combobox', { name: 'How much' }).selectOption('quick');
  await expect(page).toHaveURL(/\/\?filter=ops\.matmul\.\*&filter=!\*gradient\*$/);
  await page.reload();
  await expect(field).toHaveValue('ops.matmul.* !*gradient*');
});

test('the checks that are chosen are counted, as the command line counts them', {
  ...covers('triton.utilities.parametrised-rows/counts-computed').control(
    'the number of all checks is typed in',
    {
      file: 'src/ui/cases/browse.ts',
      from: 'const total = entries.length;',
      to: 'const total = 1000;',
    },
  ),
  tag: '@long',
}, async ({ page }) => {
  const count = async (...args: readonly string[]) => {
    const { stdout } = await gradproof(['--list', ...args]);
    return stdout.trimEnd().split('\n').length.toLocaleString('en');
  };
  const all = await count('--tier', 'slow');
  for (const tier of ['quick', 'full']) {
    const chosen = await count('--tier', tier, '--filter', 'ops.nn.*');
    await open(page, `/?tier=${tier}&filter=ops.nn.*`);
    await expect(page.getByText(`${chosen} of ${all} checks chosen.`)).toBeVisible();
    await expect(rowOf(page, new RegExp(`^ops\\.nn, ${chosen} checks$`))).toBeVisible();
  }
});

test('words, patterns and states are asked for in one line, with suggestions by keyboard; what matches nothing says why', async ({
  page,
}) => {
  await open(page, '/?q=silu+legal');
  const field = page.getByRole('combobox', { name: 'Which checks' });
  await expect(field).toHaveValue('silu legal');
  await expect(page.getByText(/^[1-9]\d* of [\d,]+ checks chosen\.$/)).toBeVisible();

  await field.fill('silo');
  await expect(page.getByText('Nothing matches “silo”. Did you mean')).toBeVisible();
  await page.getByRole('button', { name: 'ops.nn.silu:*', exact: true }).click();
  await expect(page).toHaveURL(/\?filter=ops\.nn\.silu:\*$/);
  await expect(field).toHaveValue('ops.nn.silu:*');

  await field.fill('soft');
  await expect(field).toHaveAttribute('aria-expanded', 'true');
  await field.press('ArrowDown');
  const first = page
    .getByRole('listbox', { name: 'Suggestions' })
    .getByRole('option', { selected: true });
  await expect(first).toContainText(/ops\.nn\.softmax:\*\s*\d+ checks/);
  await field.press('Enter');
  await expect(field).toHaveValue('ops.nn.softmax:* ');
  await field.pressSequentially('status:w');
  await field.press('ArrowDown');
  await field.press('Enter');
  await expect(
    page.getByText(/^Nothing matches all of that: without “status:wrong” it would be \d+ checks\./),
  ).toBeVisible();
  await expect(page).toHaveURL(/\?filter=ops\.nn\.softmax:\*&q=status:wrong$/);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(
    page.getByRole('alert'),
    'what matches nothing runs nothing, and not everything',
  ).toContainText('nothing ran');
  await field.press('Escape');
  await expect(field).toHaveValue('');
});

test('a filter that matches checks of another tier alone says so, and one click takes that tier', async ({
  page,
}) => {
  await open(page, '/?filter=train.soak:*');
  const hint = page.locator('gp-browse').getByRole('status').filter({ hasText: 'matches' });
  await expect(hint).toContainText(
    /^No check of tier quick matches “train\.soak:\*”; of tier full, \d+ checks? do(es)?\./,
  );
  const run = page.getByRole('button', { name: 'Run', exact: true });
  await run.click();
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('No check of tier quick matches “train.soak:*”');
  await alert.getByRole('button', { name: 'Choose tier full' }).click();
  await expect(alert).toBeHidden();
  await expect(page).toHaveURL(/\/\?tier=full&filter=train\.soak:\*$/);
  await expect(page.getByText(/^[1-9]\d* of [\d,]+ checks chosen\.$/)).toBeVisible();

  await page.getByRole('combobox', { name: 'How much' }).selectOption('quick');
  await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch');
  await expect(
    page.getByText(/^Zu „train\.soak:\*“ passt keine Prüfung der Stufe quick; in der Stufe full/),
  ).toBeVisible();
  await page.getByRole('button', { name: 'Stufe full wählen' }).click();
  await expect(page.getByRole('combobox', { name: 'Wie viel' })).toHaveValue('full');
  await expect(page.getByText(/^[1-9]\d* von [\d.]+ Prüfungen gewählt\.$/)).toBeVisible();
});

test('the tree is operated by the keyboard alone', async ({ page }) => {
  await open(page, '/?filter=ops.nn.*');
  const root = rowOf(page, /^ops\.nn, /);
  await expect(root).toHaveAttribute('aria-expanded', 'true');
  await root.focus();
  // Letters belong together that come within a moment, which a busy machine may miss.
  await expect(async () => {
    await page.keyboard.type('softm');
    await expect(rowOf(page, /^softmax, /)).toBeFocused({ timeout: 2_000 });
  }).toPass();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(rowOf(page, /^exact;|^legal;/)).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expect(rowOf(page, /^softmax, /)).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('End');
  const last = page.locator('[role=treeitem]:focus');
  await expect(last).toHaveAttribute(
    'aria-posinset',
    (await last.getAttribute('aria-setsize')) ?? '',
  );
  await page.keyboard.press('Home');
  await expect(root).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(detailOf(page).getByRole('heading')).toHaveText('ops.nn');
  await expect(detailOf(page)).toContainText('ops.nn.*');
});

test('an option that does not exist is refused in one line, and the page works', async ({
  page,
}) => {
  await open(page, '/?tier=huge');
  await expect(page.getByRole('alert')).toContainText('huge');
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
});
