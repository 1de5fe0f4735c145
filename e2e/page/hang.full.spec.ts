import type { Browser, Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { SOFTWARE_ADAPTER } from '../../src/cli/browser/arguments.ts';
import type { Unfinished } from '../../src/harness/events.ts';
import type { CaseResult } from '../../src/report/schema.ts';
import { dropRecordings } from './drop.ts';
import { answerOf, expect, open, savedReport, test } from './page-test.ts';

/** What keeps the GPU process of a browser busy for ever: SwiftShader has no watchdog. */
const ENDLESS = `@group(0) @binding(0) var<storage, read_write> v: array<atomic<u32>, 4>;
  @compute @workgroup_size(1) fn main() { loop { if (atomicAdd(&v[0], 1u) == 5u && atomicLoad(&v[1]) == 7u) { break; } } }`;

test.use({
  gpuArguments: [
    '--enable-unsafe-webgpu',
    ...SOFTWARE_ADAPTER,
    '--disable-domain-blocking-for-3d-apis',
    '--disable-gpu-process-crash-limit',
  ],
});

/**
 * A case must not be taken for one that hangs on a machine that is only busy; a hang is told so
 * late. Milliseconds.
 */
const LIMIT_MS = 8000;

test(
  'after a hang it asks for one reload and then goes on with the run',
  covers('tb.utilities.timeout/page-reload-resumes').control(
    'what had ended before the reload runs again',
    {
      file: 'src/harness/runner/run-results.ts',
      from: 'results.filter((result) => keys.has(keyOf(result)))',
      to: '[]',
    },
  ),
  async ({ page, browser, server }) => {
    const hang = await readyToHang(browser, server.url);
    await open(page, `/?filter=ops.nn.*&timeout=${LIMIT_MS}`);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(page.getByText(/^[1-9]\d* of \d+ checks$/)).toBeVisible();
    await hang();
    const before = await reloadWhenAsked(page, browser);
    expect(before.length, 'checks that had ended').toBeGreaterThan(0);
    await expect(answerOf(page)).toHaveText(/^1 of \d+ checks could not be finished\.$/, {
      timeout: 120_000,
    });
    await expect(page.getByText('did not come back in time')).toBeHidden();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    const { results } = await savedReport(page);
    const broken = results.filter(({ status }) => status !== 'pass' && status !== 'skip');
    expect(broken).toMatchObject([{ status: 'timeout', error: { code: 'timeout' } }]);
    const after = new Map(results.map((result) => [result.id, result]));
    for (const result of before)
      expect(after.get(result.id), 'it did not run again').toEqual(result);
  },
);

test('recordings are kept over that reload', async ({ page, browser, server }) => {
  const hang = await readyToHang(browser, server.url);
  await open(page, `/?timeout=${LIMIT_MS}`);
  await dropRecordings(page, 3000);
  await expect(page.getByText(/^[1-9][\d,]* of 3,000 recordings$/)).toBeVisible();
  await hang();
  await reloadWhenAsked(page, browser);
  await expect(answerOf(page)).toHaveText('1 of 3,000 recordings could not be finished.', {
    timeout: 120_000,
  });
  expect(
    await page.evaluate(async () => [sessionStorage.length, (await caches.keys()).length]),
  ).toEqual([0, 0]);
});

/** Opens another page that shares the GPU process; what is returned hangs that at once. */
async function readyToHang(browser: Browser, url: string): Promise<() => Promise<void>> {
  const other = await browser.newPage();
  await other.goto(url);
  const submit = await other.evaluateHandle(async (code) => {
    const device = await (await navigator.gpu.requestAdapter())?.requestDevice();
    if (!device) throw new Error('no device');
    const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
    const pipeline = await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }) },
    });
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    });
    return () => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      // SwiftShader has a thread for each core, and small work goes on in one that is left.
      pass.dispatchWorkgroups(256);
      pass.end();
      device.queue.submit([encoder.finish()]);
    };
  }, ENDLESS);
  return () => submit.evaluate((hang) => hang());
}

/**
 * Waits until the page has seen the hang, and does what it asks for; returns what the tab keeps of
 * the run over that.
 */
async function reloadWhenAsked(page: Page, browser: Browser): Promise<readonly CaseResult[]> {
  await expect(page.getByText('did not come back in time')).toBeVisible();
  // A graphics chip's watchdog ends the GPU process of a hang; here this stands for it.
  await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
  const kept = await page.evaluate(() => Object.values({ ...sessionStorage }));
  await page.getByRole('button', { name: 'Reload' }).click();
  return kept.flatMap((note) => (JSON.parse(note) as { run: Unfinished }).run.results);
}
