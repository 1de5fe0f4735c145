import { expect, open, rowOf, test } from './page-test.ts';

test('one click replays what other libraries recorded, and each recording brings the Python that checks it', {
  tag: '@long',
}, async ({ page }) => {
  await open(page);
  await expect(page.getByText(/from this page’s own server/)).toHaveCount(2);
  await page.getByRole('button', { name: 'Replay recordings' }).click();
  const libraries = page.getByRole('list', { name: 'Libraries' });
  await expect(libraries).toContainText(/bitsandbytes \S+: \d+ of \d+ agree, recorded on CPU/);
  // All of them are replayed by the command line; here a part shows how they are told.
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeVisible();
  await expect(libraries, 'nothing was recorded on CUDA without saying so').not.toContainText(
    /\+cu\d/,
  );
  await rowOf(page, /^parity, /).press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await rowOf(page, /, right$/).click();
  await page.getByText('Check it in Python').first().click();
  await expect(page.getByLabel('Python').first()).toContainText('load_file(');
});

test('another click replays PyTorch’s own samples and none of the recordings', {
  tag: '@long',
}, async ({ page }) => {
  await open(page);
  const offer = page.getByRole('region', { name: 'Recordings' });
  await expect(offer).toContainText(/Here are 200 samples that a seed drew/);
  await offer.getByRole('button', { name: 'Replay PyTorch’s own samples' }).click();
  const libraries = page.getByRole('list', { name: 'Libraries' });
  await expect(libraries).toContainText(/torch \S+ \(its own samples\): \d+ of \d+ agree/);
  await expect(libraries).not.toContainText('bitsandbytes');
  await page.getByRole('button', { name: 'Stop' }).click();
});
