import type { Page } from '@playwright/test';
import { servePage } from '../../src/cli/server.ts';
import { KillableBrowser } from './killable-browser.ts';
import { expect, savedReport } from './page-test.ts';
import { test } from './scratch-folder.ts';

test.skip(process.platform === 'win32', 'there is no ps to find the processes with');

/** A bench of some seconds is begun, and some of its works are done. */
async function begun(page: Page, url: string): Promise<void> {
  await page.goto(`${url}bench.html?view=bench`);
  await page.getByLabel('Everything', { exact: false }).check();
  // What libraries make of a lost device is theirs.
  for (const name of ['ONNX Runtime', 'TensorFlow.js', 'jax-js'])
    await page.getByLabel(name).uncheck();
  await page.getByLabel('Only works with these words').fill('bench.ceiling:*');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText(/^[3-9] of \d+ works$/)).toBeVisible();
}

const GPU_PROCESS = /--type=gpu-process/;

test('a bench whose GPU process is killed goes on, and its report is kept', {
  tag: '@long',
}, async ({ folder }) => {
  await using server = await servePage('dist/page', 0, undefined, 'dist/peers');
  await using browser = await KillableBrowser.start(folder);
  const page = await browser.newPage();
  await begun(page, server.url);
  expect(browser.killProcesses(GPU_PROCESS)).toBeGreaterThan(0);
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  const { run, results } = await savedReport(page);
  expect(run.complete).toBe(true);
  expect(results.filter(({ status }) => status === 'lost')).toHaveLength(1);
  await page.getByRole('button', { name: 'Compare…' }).click();
  await expect(page, 'it is among the runs of this device').toHaveURL(/view=compare&after=run\//);
});

test('a bench whose GPU processes are killed for good says so, and keeps what it timed', {
  tag: '@long',
}, async ({ folder }) => {
  await using server = await servePage('dist/page', 0, undefined, 'dist/peers');
  await using browser = await KillableBrowser.start(folder);
  const page = await browser.newPage();
  await begun(page, server.url);
  const strikes = setInterval(() => browser.killProcesses(GPU_PROCESS), 100);
  try {
    await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
  } finally {
    clearInterval(strikes);
  }
  await expect(page.getByRole('alert')).toHaveText(/the GPU device was lost.*no other device/);
  const { run, results } = await savedReport(page);
  expect(run.complete).toBe(false);
  expect(results.some(({ timing }) => timing)).toBe(true);
});
