import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { servePage } from '../../src/cli/server.ts';
import { readReport } from '../../src/report/read.ts';
import type { CaseResult, Report } from '../../src/report/schema.ts';
import { writeReport } from '../../src/report/write.ts';
import { violations } from './axe.ts';
import { plantTable } from './kept-tables.ts';
import { expect, savedReport, test } from './page-test.ts';
import { staticHost } from './static-host.ts';

const PRODUCT = 'bench.matmul:f32;m=37;n=29;k=53';
const SOFTMAX = 'bench.softmax:f32;rows=1024;width=1024';
const CEILING = 'bench.ceiling:dispatch';
const runButton = (page: Page) => page.getByRole('button', { name: 'Run', exact: true });
const again = (page: Page) => page.getByRole('button', { name: 'Run again' });
const table = (page: Page) => page.getByRole('table', { name: 'Milliseconds, medians' });

async function openReport(page: Page, report: Report, name = 'bench.json'): Promise<void> {
  const file = { name, mimeType: 'application/json', buffer: Buffer.from(writeReport(report)) };
  await page.getByLabel('Open a saved report').setInputFiles(file);
}

// What is fresh is left as it is.
test.beforeAll(() => {
  execFileSync(process.execPath, ['scripts/bench-setup.mjs'], { stdio: 'ignore' });
});

test('a person times one library, cancels, times again, sees the results, and compares them', {
  tag: '@long',
}, async ({ page }) => {
  await using server = await servePage('dist/page', 0, undefined, 'dist/peers');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const peers = () => asked.filter((path) => /\/peers\/.*\.(?:js|wasm)$/.test(path));
  await page.goto(server.url);
  await page.getByRole('link', { name: 'Bench' }).click();
  await expect(page, 'it has a page of its own').toHaveURL(/\/bench\.html\?view=bench$/);
  await page.getByLabel('Everything', { exact: false }).check();
  for (const name of ['ONNX Runtime', 'TensorFlow.js']) await page.getByLabel(name).uncheck();
  await page.getByText('Warm-ups, samples and settings').click();
  await page.getByLabel('Runs before anything is timed').fill('0');
  const samples = page.getByLabel('Timed batches of each');
  await samples.fill('4');
  await expect(runButton(page), 'five are the fewest').toHaveAttribute('aria-disabled', 'true');
  await samples.fill('5');
  const settings = page.getByLabel('Only settings with these texts, by contender');
  for (const wrong of ['eager', 'webgp=eager']) {
    await settings.fill(wrong);
    await expect(page.getByRole('alert')).toHaveText(/^Contender=text, such as webgpu=eager/);
  }
  await expect(runButton(page)).toHaveAttribute('aria-disabled', 'true');
  await settings.fill('webgpu=eager');
  await page.getByLabel('First measure for three seconds').check();
  await page.getByLabel('Also time the variants').check();
  const filter = page.getByLabel('Only works with these words');
  await page.getByLabel('A quick look', { exact: false }).check();
  await filter.fill(PRODUCT);
  await expect(
    page.getByText(
      'No work of the quick look has these words in its name; 1 work of everything has.',
    ),
  ).toBeVisible();
  await page.getByRole('radio', { name: /^Everything/ }).check();
  await filter.fill('nosuchwork');
  await expect(page.getByText('No work has these words in its name.')).toBeVisible();
  await expect(runButton(page)).toHaveAttribute('aria-disabled', 'true');
  await filter.fill('bench.softmax:f32;rows=1024*');
  await expect(page.getByText(/^2 of \d+ works\.$/)).toBeVisible();
  expect(peers(), 'no library is fetched before a person asks').toEqual([]);

  await runButton(page).press('Enter');
  await expect(page.getByRole('progressbar', { name: 'Progress of the bench' })).toBeVisible();
  await expect(page.getByText('0 of 2 works')).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(again(page)).toBeVisible();
  await expect(page.getByText('Nothing was timed.')).toBeVisible();
  expect(peers().filter((path) => /\/(?:ort|tfjs)[^/]*$/.test(path))).toEqual([]);
  expect(peers().some((path) => path.endsWith('/jax.js'))).toBe(true);

  const planted = { '1: lora_linear, rows from 128': 'tiled' };
  expect(await plantTable(page, planted), 'what was measured is kept').toBe(true);
  await filter.fill(PRODUCT);
  await again(page).click();
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible();
  await expect(again(page)).toBeVisible();
  const row = table(page).getByRole('row', { name: 'matmul:f32;m=37;n=29;k=53' });
  await expect(row.getByRole('cell'), 'the library with its documented loop').toHaveText([
    /^[\d.]+$/,
    /^[\d.]+\s+[\d.]+$/,
    /^[\d.]+$/,
    /^[\d.]+$/,
    /%$/,
  ]);
  const variants = page.getByRole('table', { name: 'Our variants, milliseconds' });
  await expect(variants.getByRole('row')).toHaveText([
    /Chosen/,
    /m=37;n=29;k=53\s+[\d.]+\s+[a-z]+ [\d.]+, [a-z]+ [\d.]+\s+[\d.]+/,
  ]);
  await expect(
    page.getByRole('img', { name: /^1 work that a library was timed at too; in \d of them/ }),
  ).toBeVisible();
  await expect(page.getByRole('img', { name: /^2 times by operations a byte/ })).toBeVisible();
  const plot = page.getByRole('figure', { name: 'Beside the fastest library' });
  await plot.getByText('The same as a table').click();
  await expect(plot.getByRole('row')).toHaveText([/Fastest library/, /jax-js/]);
  expect(await violations(page)).toEqual([]);

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the table as CSV' }).click(),
  ]);
  const [head, ...lines] = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(head).toBe(
    'Work,Gradproof (ours),jax-js,ceiling,Ratio,Of the ceiling,"jax-js, documented loop","Gradproof (ours), setting","jax-js, setting","ceiling, setting"',
  );
  expect(lines).toEqual([expect.stringMatching(/^(?:[^,]+,){7}eager,/)]);
  const report = await savedReport(page);
  expect([report.kind, report.run.complete, report.results.length]).toEqual(['bench', true, 3]);
  expect(report.results.find(({ backend }) => backend === 'webgpu')?.setting).toBe('eager');
  expect(report.run.options).toEqual([
    ...['--warm-up 0', '--samples 5', '--variants', '--setting webgpu=eager'],
  ]);
  const [first] = Object.entries(report.environments[0]?.tuning ?? {});
  expect(first, 'the kept table is used, and not measured anew').toEqual(
    Object.entries(planted)[0],
  );

  await page.getByRole('button', { name: 'Compare…' }).click();
  await expect(page).toHaveURL(/view=compare&after=run\//);
  await page
    .getByRole('region', { name: 'Result A' })
    .getByLabel('or choose a report file')
    .setInputFiles({
      ...{
        name: 'before.json',
        mimeType: 'application/json',
        buffer: Buffer.from(writeReport(report)),
      },
    });
  await expect(page.getByRole('region', { name: 'Answer' }).getByRole('heading')).toHaveText(
    'No verdict changed.',
  );
  await expect(page.getByText(/3 of them|of 3 /).first()).toBeVisible();
});

/** A bench with a library that fails, another that is held to a coarser bound, and growing sizes. */
function someBench(): Report {
  const file = 'src/report/fixtures/run.json';
  const recorded = readReport(readFileSync(file, 'utf8'), file);
  const timed = (id: string, backend: string, medianMs: number): CaseResult => ({
    ...{ id, backend, suite: id.split(':')[0] ?? '', env: 0, covers: [], tier: 'quick' },
    ...{ status: 'pass', durationMs: 100, attempts: 1, assertions: 4, kernels: [] },
    timing: {
      ...{ source: 'wall', quantumNs: 5_000, samples: 5, coldMs: 50 },
      ...{ medianMs, minMs: medianMs, ciMs: [medianMs, medianMs] },
    },
    metrics: { gflops: 4 / medianMs, gbps: 2 / medianMs },
  });
  const { timing: _, ...untimed } = timed(SOFTMAX, 'ort-webgpu', 1);
  const cubes = [64, 128, 256].map((n) => `bench.matmul:f32;m=${n};n=${n};k=${n}`);
  const results: readonly CaseResult[] = [
    { ...timed(SOFTMAX, 'webgpu', 2), metrics: { gflops: 2, gbps: 1, ratio: 4 } },
    { ...timed(SOFTMAX, 'jax-webgpu', 8), setting: 'jit, by its documented loop' },
    timed(SOFTMAX, 'ceiling', 1),
    {
      ...{ ...untimed, status: 'fail', metrics: {} },
      error: { code: 'not-within', message: 'y[3] is 2 <img src=x onerror=alert(1)>' },
    },
    {
      ...timed(SOFTMAX, 'ort-wasm', 0.5),
      finding: {
        code: 'coarser-bound',
        message: 'held to a coarser bound; not timed: NHWC: y[1] is 7 and should be 8',
      },
    },
    ...cubes.map(
      (id): CaseResult => ({
        ...{ ...untimed, id, suite: 'bench.matmul', backend: 'tfjs-webgpu' },
        ...{ status: 'skip', assertions: 0, metrics: {} },
        skip: { code: 'not-implemented', detail: 'it is not asked for matmul' },
      }),
    ),
    timed(CEILING, 'ceiling', 0.25),
    ...cubes.map((id, i) => timed(id, 'webgpu', 8 ** i)),
    ...cubes.map((id, i) => timed(id, 'jax-webgpu', 4 ** i)),
  ];
  const total = results.length;
  const counts = { total, passed: total - 4, failed: 1, skipped: 3 };
  const summary = { ...recorded.summary, ...counts };
  return { ...recorded, kind: 'bench', results: [...results], summary };
}

test('a saved bench tells what failed, what was held to less, and how times grow', async ({
  page,
}) => {
  await page.goto('/bench.html?view=bench');
  await expect(
    page.getByText(/^Not installed: ONNX Runtime, TensorFlow.js, and jax-js/),
  ).toContainText('npm run bench:setup');
  const report = someBench();
  await openReport(page, report);
  await expect(page.getByText('From the file bench.json.')).toBeVisible();
  const row = table(page).getByRole('row', { name: 'softmax:f32' });
  await expect(row.getByRole('cell')).toHaveText(['2', 'fail', '8', '0.5 ~', '1', '4.00', '']);
  await expect(page.getByText(/~ was held to a coarser bound/)).toBeVisible();
  await page.getByText('What was not timed, and why').click();
  await expect(page.getByText('y[3] is 2 <img')).toBeVisible();
  const reason = (text: string) => page.getByRole('listitem').filter({ hasText: text });
  await expect(reason('y[1] is 7')).toContainText('ONNX Runtime, WebAssembly, NHWC: y[1] is 7');
  const untimed = reason('it is not asked');
  await untimed.getByText('3 works').click();
  await expect(untimed.getByText('matmul:f32;m=128;n=128;k=128')).toBeVisible();
  await page.getByLabel('Show the setting that each was timed in').first().check();
  await expect(row.getByRole('cell').nth(2)).toHaveText(/^8\s*jit, by its documented loop$/);
  const ceilings = page.getByRole('table', { name: 'Ceilings: milliseconds, medians' });
  await expect(table(page).getByRole('row', { name: 'ceiling:dispatch' })).toHaveCount(0);
  await page.getByText('Ceilings, by themselves').click();
  await expect(ceilings.getByRole('row', { name: 'ceiling:dispatch 0.25' })).toBeVisible();
  await expect(
    page.getByRole('img', {
      name: /Gradproof \(ours\): time grows as size to the power of 3\.00 and jax-js: .* 2\.00\.$/,
    }),
  ).toBeVisible();
  const group = page.getByRole('combobox', { name: /^Show/ });
  await group.selectOption('rows');
  await expect(table(page).getByRole('row', { name: 'matmul' })).toHaveCount(0);
  await expect(page.getByText('How times grow')).toHaveCount(0);
  await group.selectOption('everything');
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  expect(await violations(page), 'dark and narrow').toEqual([]);

  await page.getByRole('button', { name: 'Compare…' }).click();
  await expect(page).toHaveURL(/view=compare/);
  await expect(page.getByText('bench.json')).toBeVisible();
  await page.goBack();

  const { results: _, ...other } = report;
  await openReport(page, { ...other, kind: 'run', results: report.results }, 'run.json');
  await expect(page.getByRole('alert')).toContainText('run.json is no report of a bench');
  await expect(page.getByText('From the file bench.json.'), 'what was shown stays').toBeVisible();
});

test.describe('on a host that is not ours', () => {
  test.use({ mayLogErrors: true });

  test('the view says in a line what a bench needs, and opens reports', async ({ page }) => {
    await using host = await staticHost('dist/page');
    await page.goto(`${host.url}?view=bench`);
    await expect(page.getByText('A bench needs the page that npm start serves')).toBeVisible();
    await expect(runButton(page)).toHaveAttribute('aria-disabled', 'true');
    expect(new URL(page.url()).pathname, 'it stays where it is').toBe('/a/b/');
    await openReport(page, someBench());
    await expect(table(page)).toBeVisible();
  });
});
