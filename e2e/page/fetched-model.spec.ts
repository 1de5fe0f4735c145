import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { partsOf, serve } from '../../src/cli/model-address/fixtures/model-server.ts';
import { servePage } from '../../src/cli/server.ts';
import { expect, test } from './page-test.ts';
import { ended, MODEL, QUICK, saved, start, takeSettings } from './tune-page.ts';

// What a server may have and has not is an error on the console.
test.use({ mayLogErrors: true });

async function openFolderKind(page: Page, url = '/'): Promise<void> {
  await page.goto(`${url}?view=train`);
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
}

async function fetchAddress(page: Page, address: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Or its address on a server' }).fill(address);
  await page.getByRole('button', { name: 'Fetch and keep it' }).click();
}

const kept = (page: Page) => page.getByRole('region', { name: 'Kept in this browser' });

test('a model of the page’s own server is fetched, kept with its sums over a visit, trained and deleted', async ({
  page,
}) => {
  await openFolderKind(page);
  await fetchAddress(page, 'model');
  await expect(kept(page).getByRole('listitem')).toContainText(/model\/ · \d files, 1\.0.MB/);
  await kept(page).getByText('SHA-256 of its files').click();
  const sum = createHash('sha256')
    .update(await readFile(join(MODEL, 'model.safetensors')))
    .digest('hex');
  await expect(kept(page)).toContainText(sum);
  await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();

  await page.reload();
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  await expect(start(page)).toBeDisabled();
  await kept(page).getByRole('button', { name: 'Take it' }).click();
  await takeSettings(page, { ...QUICK, max_steps: 1 });
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  const adapter = JSON.parse((await saved(page, /^Save adapter_config\.json/)).toString());
  expect(adapter).toMatchObject({ base_model_name_or_path: 'model' });

  await page.getByText('Data and settings').click();
  await kept(page)
    .getByRole('button', { name: /^Delete \(1\.0.MB\)$/ })
    .click();
  await expect(kept(page)).toBeHidden();
  const left = await page.evaluate(async () => {
    const models = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    const names: string[] = [];
    for await (const name of (models as unknown as { keys(): AsyncIterable<string> }).keys())
      names.push(name);
    return names;
  });
  expect(left).toEqual([]);
});

test.describe('a server that a person named', () => {
  let root: string;
  test.beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'models-'));
    cpSync(MODEL, join(root, 'small'), { recursive: true });
  });
  test.afterEach(() => rmSync(root, { recursive: true }));

  test('is reached through the page’s own, and no other is', async ({ page }) => {
    await using models = await serve(partsOf(root));
    const { origin } = new URL(models.url);
    await using own = await servePage('dist/page', 0, undefined, undefined, { models: origin });
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(own.url)) foreign.push(request.url());
    });
    await openFolderKind(page, own.url);
    await expect(page.getByText(`or of ${origin}, as the page was started`)).toBeVisible();
    await fetchAddress(page, `${origin}/small/`);
    await expect(kept(page).getByRole('listitem')).toContainText(`${origin}/small/`);
    await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();
    expect(foreign).toEqual([]);
    await fetchAddress(page, 'https://example.org/m/');
    await expect(page.getByRole('alert')).toContainText(
      'npm start -- --model-server https://example.org lets the page ask it',
    );
  });

  test('that has another architecture, or no model, is told before weights come', async ({
    page,
  }) => {
    writeFileSync(join(root, 'small', 'config.json'), '{"model_type":"gpt2"}');
    await using models = await serve(partsOf(root));
    const { origin } = new URL(models.url);
    await using own = await servePage('dist/page', 0, undefined, undefined, { models: origin });
    await openFolderKind(page, own.url);
    await fetchAddress(page, `${origin}/small/`);
    await expect(page.getByRole('alert').first()).toContainText('gpt2');
    await fetchAddress(page, `${origin}/nothing/`);
    await expect(page.getByRole('alert').first()).toContainText(
      'the server has no config.json there',
    );
    await expect(kept(page)).toBeHidden();
    const weights = models.asked.filter((line) => /model\.safetensors/.test(line));
    expect(weights).toEqual(['/small/model.safetensors bytes=0-1']);
  });
});
