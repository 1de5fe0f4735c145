import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { drop } from './drop.ts';
import { answerOf, expect, open, test } from './page-test.ts';

/** A recording of [1 2; 3 4] [5 6; 7 8], whose right answer is [19 22; 43 50]. */
function recording(name: string, y: readonly number[]) {
  const tensor = (values: readonly number[]) => hostTensorFrom('f32', [2, 2], values);
  const tensors = { 'in.a': tensor([1, 2, 3, 4]), 'in.b': tensor([5, 6, 7, 8]), 'out.y': tensor(y) };
  const metadata = { schema: 'parity-bundle/1', op: 'matmul', params: '{}', producer: 'by hand 1.0', device: 'cpu' };
  return { name, bytes: writeSafetensors(tensors, metadata) };
}

test('dropped recordings are replayed, and one that is off is told as a finding, not as our failure', async ({ page }) => {
  await open(page);
  await drop(page, [recording('right.safetensors', [19, 22, 43, 50]), recording('off.safetensors', [19, 22, 43, 51])]);
  await expect(answerOf(page)).toHaveText('2 of 2 recordings are right, on the processor.', { timeout: 60_000 });
  await expect(page.getByText(/the recording library itself got wrong/)).toBeVisible();
  await page.getByRole('button', { name: /^parity\.matmul / }).click();
  await expect(page.getByRole('button', { name: /^right/ })).not.toContainText('finding');
  const off = page.getByRole('button', { name: /^off/ });
  await expect(off).toContainText('finding');
  await off.click();
  await expect(page.getByText('[1, 1] is 51, should be 50')).toBeVisible();
  await page.getByRole('button', { name: 'Repeat this check alone' }).click();
  await expect(page.getByText('Repeated:')).toContainText('right');
});

test('a file that is no recording is refused in one plain line', async ({ page }) => {
  await open(page);
  await drop(page, [{ name: 'garbage.safetensors', bytes: new TextEncoder().encode('this is not a recording at all') }]);
  await expect(page.getByRole('alert')).toContainText('garbage.safetensors: ');
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('alert')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
});

test('several files without a recording are refused, one text goes to the fine-tune view', async ({ page }) => {
  await open(page);
  const text = { name: 'poem.txt', bytes: new TextEncoder().encode('roses are red\n'.repeat(400)) };
  await drop(page, [text, { ...text, name: 'other.txt' }]);
  await expect(page.getByRole('alert')).toContainText('no recording');
  await drop(page, [text]);
  await expect(page).toHaveURL(/\?view=train$/);
  await expect(page.getByText('poem.txt, 5.6 KB')).toBeVisible();
});
