import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { partsOf, serve } from '../../src/cli/model-address/fixtures/model-server.ts';
import { servePage } from '../../src/cli/server.ts';
import { toHostTensor } from '../../src/formats/safetensors/stored.ts';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
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

test('a model of the page’s own server is fetched, kept with its sums over a visit, trained and deleted', {
  tag: '@long',
}, async ({ page }) => {
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

/** The repository's name, and where the hub has its files. */
const REPOSITORY = 'hf-internal-testing/tiny-random-llama';
const AT = `/${REPOSITORY}/resolve/main/`;
const SHARDS = [1, 2].map((i) => `model-0000${i}-of-00002.safetensors`);
const INDEX = 'model.safetensors.index.json';

/** Puts the model of the page into a folder as a repository with two shards; SHA-256 of each. */
function repositoryIn(folder: string): ReadonlyMap<string, string> {
  cpSync(MODEL, folder, { recursive: true });
  const whole = join(folder, 'model.safetensors');
  const tensors = [...readSafetensors(readFileSync(whole)).tensors];
  rmSync(whole);
  const half = Math.ceil(tensors.length / 2);
  const weight_map: Record<string, string> = {};
  const sums = SHARDS.map((shard, i) => {
    const own = tensors.slice(i * half, (i + 1) * half);
    for (const [name] of own) weight_map[name] = shard;
    const stored = Object.fromEntries(own.map(([name, x]) => [name, toHostTensor(x)]));
    const bytes = writeSafetensors(stored, { format: 'pt' });
    writeFileSync(join(folder, shard), bytes);
    return [shard, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  writeFileSync(join(folder, INDEX), JSON.stringify({ metadata: {}, weight_map }));
  return new Map(sums);
}

/** Answers as the hub does: of large files with their sum, and the way to where they lie. */
function hub(folder: string, sums: ReadonlyMap<string, string>): RequestListener {
  const parts = partsOf(folder);
  return (request, response) => {
    const { url = '' } = request;
    const name = url.slice(url.lastIndexOf('/') + 1);
    const sum = sums.get(name);
    if (url.startsWith(AT) && sum !== undefined)
      return void response
        .writeHead(302, { location: `/storage/${name}`, 'x-linked-etag': `"${sum}"` })
        .end();
    if (!url.startsWith(AT) && !url.startsWith('/storage/'))
      return void response.writeHead(404).end();
    request.url = `/${name}`;
    parts(request, response);
  };
}

test.describe('a repository of a hub by its name', () => {
  let root: string;
  let sums: ReadonlyMap<string, string>;
  test.beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hub-'));
    sums = repositoryIn(root);
  });
  test.afterEach(() => rmSync(root, { recursive: true }));

  test(
    'comes in two shards and by ranges through the page’s own server, which alone is asked',
    covers(
      'fsdp.utilities.get-test-model-name/hub-shaped-server',
      'fsdp.utilities.get-test-model-name/fetched-through-relay',
    ).control('the page asks the hub itself', {
      file: 'src/ui/fetched/reachable-address.ts',
      from: 'if (url.origin === origin) return',
      to: "if (url.origin !== '') return",
    }),
    async ({ page }) => {
      await using models = await serve(hub(root, sums));
      const { origin } = new URL(models.url);
      await using own = await servePage('dist/page', 0, undefined, undefined, { models: origin });
      const foreign: string[] = [];
      page.on('request', (request) => {
        if (!request.url().startsWith(own.url)) foreign.push(request.url());
      });
      await openFolderKind(page, own.url);
      await fetchAddress(page, `${origin}${AT}`);
      await expect(kept(page).getByRole('listitem')).toContainText(`${origin}${AT}`);
      await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();
      expect(foreign).toEqual([]);
      for (const name of ['config.json', INDEX])
        expect(
          models.asked.some((line) => line.startsWith(`${AT}${name} bytes=`)),
          name,
        ).toBe(true);
      for (const shard of SHARDS) {
        const bytes = readFileSync(join(root, shard)).length;
        expect(models.asked).toContain(`${AT}${shard} bytes=0-${bytes - 1}`);
        expect(models.asked).toContain(`/storage/${shard} bytes=0-${bytes - 1}`);
      }
    },
  );

  test(
    'is kept with its sums: a second time nothing is asked, and what has changed here is found',
    covers(
      'fsdp.utilities.get-test-model-name/cached-with-sha',
      'fsdp.utilities.get-test-model-name/second-load-0-requests',
    ).control('a model is taken as it lies there', {
      file: 'src/ui/fetched/fetched-models-element.ts',
      from: 'if (await this.fetched.isWhole(stored)) await this.#give(stored);',
      to: 'await this.#give(stored);',
    }),
    async ({ page }) => {
      await using models = await serve(hub(root, sums));
      const { origin } = new URL(models.url);
      await using own = await servePage('dist/page', 0, undefined, undefined, { models: origin });
      await openFolderKind(page, own.url);
      await fetchAddress(page, `${origin}${AT}`);
      await kept(page).getByText('SHA-256 of its files').click();
      for (const sum of sums.values()) await expect(kept(page)).toContainText(sum);

      const asked = models.asked.length;
      await page.reload();
      await page.getByRole('radio', { name: 'A folder of yours' }).check();
      await kept(page).getByRole('button', { name: 'Take it' }).click();
      await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();
      expect(models.asked.slice(asked)).toEqual([]);

      await page.evaluate(async (shard) => {
        const models = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
        for await (const folder of (
          models as unknown as { values(): AsyncIterable<FileSystemDirectoryHandle> }
        ).values()) {
          const stream = await (await folder.getFileHandle(shard)).createWritable({
            keepExistingData: true,
          });
          await stream.write({ type: 'write', position: 4096, data: new Uint8Array(8).fill(255) });
          await stream.close();
        }
      }, SHARDS[1] as string);
      await kept(page).getByRole('button', { name: 'Take it' }).click();
      await expect(page.getByRole('alert')).toContainText(
        `"${SHARDS[1]}" is not whole, or has changed: its SHA-256 is `,
      );
      expect(models.asked.slice(asked)).toEqual([]);
    },
  );

  test(
    'with a shard that is cut off is told by its sum, and not kept',
    covers('fsdp.utilities.get-test-model-name/truncated-shard').control('no sum is compared', {
      file: 'src/formats/hugging-face/hash-error.ts',
      from: 'told !== undefined && sum !== told',
      to: 'told !== undefined && sum.length !== told.length',
    }),
    async ({ page }) => {
      const shard = join(root, SHARDS[1] as string);
      truncateSync(shard, readFileSync(shard).length - 64);
      await using models = await serve(hub(root, sums));
      const { origin } = new URL(models.url);
      await using own = await servePage('dist/page', 0, undefined, undefined, { models: origin });
      await openFolderKind(page, own.url);
      await fetchAddress(page, `${origin}${AT}`);
      await expect(page.getByRole('alert')).toContainText(`"${SHARDS[1]}" is not whole`);
      await expect(kept(page).getByText('A model that did not come whole')).toBeVisible();
    },
  );
});
