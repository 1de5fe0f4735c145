import { readFileSync } from 'node:fs';
import { sha256 } from '../../src/formats/sha256.ts';
import { drop, recording } from './drop.ts';
import { answerOf, detailOf, expect, open, rowOf, test } from './page-test.ts';

test('dropped recordings are replayed, and a wrong one is reported as a finding, not as our failure', {
  tag: '@long',
}, async ({ page }) => {
  await open(page);
  await drop(page, [
    recording('right.safetensors', [19, 22, 43, 50]),
    recording('off.safetensors', [19, 22, 43, 51]),
  ]);
  await expect(answerOf(page)).toHaveText('2 of 2 recordings are right, on the processor.');
  await expect(page.getByText(/the recording library itself got wrong/)).toBeVisible();
  await rowOf(page, /^right/).click();
  await expect(detailOf(page)).not.toContainText('finding');
  await rowOf(page, /^off/).click();
  await expect(detailOf(page)).toContainText('finding');
  await expect(page.getByText('[1, 1] is 51, should be 50')).toBeVisible();
  await page.getByRole('button', { name: 'Run it alone and look closer' }).click();
  await expect(page.getByText('Run alone:')).toContainText('right');
});

test('an index dropped beside its recordings dates them', async ({ page }) => {
  const right = recording('right.safetensors', [19, 22, 43, 50]);
  const listed = {
    name: 'right',
    op: 'matmul',
    bytes: right.bytes.byteLength,
    recording: 0,
    sha256: await sha256(right.bytes),
  };
  const recordings = [{ date: '2026-11-20', device: 'cpu' }];
  const index = JSON.stringify({
    schema: 'parity-bundle/1',
    versions: {},
    recordings,
    cases: [listed],
  });
  await open(page);
  await drop(page, [right, { name: 'INDEX.json', bytes: new TextEncoder().encode(index) }]);
  await expect(page.getByRole('list', { name: 'Libraries' })).toContainText(
    /by hand 1\.0: 1 of 1 agree.*2026/,
  );
});

test('a dropped checkpoint of bitsandbytes is decoded weight by weight', async ({ page }) => {
  const name = 'bitsandbytes-nf4-compressed.safetensors';
  const bytes = new Uint8Array(
    readFileSync(new URL(`../../src/formats/fixtures/${name}`, import.meta.url)),
  );
  await open(page);
  await drop(page, [{ name, bytes }]);
  await expect(answerOf(page)).toHaveText('1 of 1 weight is right, on the processor.');
  await expect(rowOf(page, /^parity\.checkpoint, /)).toHaveAttribute('aria-expanded', 'true');
  await expect(
    detailOf(page).getByRole('heading', { name: /bitsandbytes-nf4-compressed\/layer\.weight/ }),
  ).toBeVisible();
  await page.getByText('Check it in Python').click();
  await expect(detailOf(page)).toContainText('F.dequantize_4bit(packed, state)');
});

test('a file that is no recording is refused in one plain line', async ({ page }) => {
  await open(page);
  await drop(page, [
    {
      name: 'garbage.safetensors',
      bytes: new TextEncoder().encode('this is not a recording at all'),
    },
  ]);
  await expect(page.getByRole('alert')).toContainText('garbage.safetensors: ');
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('alert')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
});

test('several files without a recording are refused, one text goes to the fine-tune view', async ({
  page,
}) => {
  await open(page);
  const text = { name: 'poem.txt', bytes: new TextEncoder().encode('roses are red\n'.repeat(400)) };
  await drop(page, [text, { ...text, name: 'other.txt' }]);
  await expect(page.getByRole('alert')).toContainText('no recording');
  await drop(page, [text]);
  await expect(page).toHaveURL(/\?view=train$/);
  await expect(page.getByText('poem.txt, 5.6 KB')).toBeVisible();
});
