import type { BrowserContext, Page } from '@playwright/test';
import type { ShardingStrategy } from '../../src/train/sharded/strategies.ts';
import { crashGpuProcess } from './killable-browser.ts';
import { begin, kept, type Learnt, learnt, resume, trained } from './learnt-run.ts';
import { expect, test } from './page-test.ts';
import { staticHost } from './static-host.ts';
import { ended, openTuning, QUICK, reach, start, stepOf, takeSettings } from './tune-page.ts';

/** A run that several workers of the page share, each with a device of its own. */

const STEPS = 8;
const SETTINGS = {
  ...{
    ...QUICK,
    max_steps: STEPS,
    max_length: 32,
    learning_rate: 0.002,
    max_grad_norm: 0.3,
    eval_steps: 3,
  },
  ...{ per_device_train_batch_size: 2, gradient_accumulation_steps: 2 },
  ...{ type: 'qlora', lora: { r: 4, lora_alpha: 8 } },
};
const HOLDS: Readonly<Record<ShardingStrategy, RegExp>> = {
  ddp: /^all of it/,
  shard_grad_op: /^part of gradients and state/,
  full_shard: /^part of everything/,
};

/** The script of a worker that ends the first rank it started when it gives its n-th gradients. */
const ending = (script: string, step: number) => `${script}
{
  let rank;
  let given = 0;
  const { Worker } = self;
  self.Worker = class extends Worker {
    constructor(...all) {
      super(...all);
      rank ??= this;
    }
  };
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (note, ...rest) {
    if (note.op === 'reduce_scatter' && ++given === ${step}) rank.terminate();
    return postMessage.call(this, note, ...rest);
  };
}`;

interface SharedRun {
  readonly left: Learnt;
  /** Of each worker, in bytes as they are shown. */
  readonly peaks: string;
  readonly told: string;
}

/** Begins a run of two workers. */
async function beginShared(page: Page, url: string, strategy: ShardingStrategy): Promise<void> {
  await openTuning(page, url);
  await takeSettings(page, SETTINGS);
  await page.getByLabel('Workers that train together').selectOption('2');
  await page.getByLabel('Each of them holds').selectOption(strategy);
  await expect(start(page)).toBeEnabled();
  await start(page).click();
}

/** Waits for the end of a run of two workers, and closes its page. */
async function leftBy(page: Page): Promise<SharedRun> {
  await expect(page.getByText(/2 workers; each holds/)).toBeVisible();
  await ended(page);
  const peaks = await figure(page, 'Memory of each worker, highest so far').textContent();
  await page.getByText(/^What happened/).click();
  const happened = page.getByRole('list', { name: /^What happened/ });
  const told = (await happened.allTextContents()).join('\n');
  const left = await learnt(page);
  await page.close();
  return { left, peaks: peaks ?? '', told };
}

/** Whether the page asks the model of a run by itself while the run goes on. */
async function asksBeforeEnd(page: Page): Promise<boolean> {
  await expect(page.getByRole('progressbar')).toBeVisible();
  await reach(page, 2);
  const answers = await page.getByRole('group', { name: /^Answer:/ }).count();
  expect(await stepOf(page), 'the last step is not made yet').toBeLessThan(STEPS);
  return answers > 0;
}

/** Lets the first rank that is started end in the n-th step; those after it go on. */
const endFirstRank = (context: BrowserContext, step: number): Promise<unknown> =>
  context.route(/web-worker/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: ending(await response.text(), step) });
  });

const figure = (page: Page, term: string) =>
  page
    .locator('div')
    .filter({ has: page.getByRole('term').getByText(term) })
    .getByRole('definition');

/** Numbers alone: what each worker took stands in the log beside them. */
const lossesOf = (left: Learnt) => trained(left).map(({ loss }) => loss as number);

test.describe.configure({ mode: 'serial', timeout: 1_200_000 });
let alone: Learnt;
const runs = new Map<ShardingStrategy, SharedRun & { readonly asksBeforeEnd: boolean }>();
test.beforeAll(async ({ browser, server }) => {
  test.setTimeout(1_200_000);
  const context = await browser.newContext();
  const page = await context.newPage();
  await begin(page, SETTINGS, server.url);
  alone = await learnt(page);
  await page.close();
  for (const strategy of ['ddp', 'shard_grad_op', 'full_shard'] as const) {
    const next = await context.newPage();
    await beginShared(next, server.url, strategy);
    const asks = await asksBeforeEnd(next);
    runs.set(strategy, { ...(await leftBy(next)), asksBeforeEnd: asks });
  }
  await context.close();
});

test('what workers share is what one does by itself', () => {
  expect(lossesOf(alone)).toHaveLength(STEPS);
  for (const [strategy, { left }] of runs) {
    const losses = lossesOf(left);
    expect(losses, strategy).toHaveLength(STEPS);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / (lossesOf(alone)[i] as number) - 1), strategy).toBeLessThan(1e-4);
    });
  }
  expect(runs.get('ddp')?.left.adapter, 'a micro-batch a rank: the very bits').toBe(alone.adapter);
  expect(runs.get('full_shard')?.left.adapter).toBe(runs.get('shard_grad_op')?.left.adapter);
});

test('the page asks a model in parts when all is learnt, and others from the start', () => {
  for (const [strategy, { asksBeforeEnd: asks }] of runs)
    expect(asks, strategy).toBe(strategy !== 'full_shard');
});

test('the page tells what each worker took at most', () => {
  for (const [strategy, { peaks, left }] of runs) {
    expect(peaks, strategy).toMatch(/^0: [\d.,]+\s[kM]B; 1: [\d.,]+\s[kM]B$/);
    for (const row of trained(left))
      for (const rank of [0, 1]) expect(row[`peak_bytes_of_worker_${rank}`]).toBeGreaterThan(0);
  }
});

test('the choice says what each strategy holds, and shares a step’s micro-batches', async ({
  page,
}) => {
  await openTuning(page);
  await page.getByLabel('Workers that train together').selectOption('3');
  const each = page.getByLabel('Each of them holds');
  for (const [strategy, holds] of Object.entries(HOLDS))
    await expect(each.locator(`option[value=${strategy}]`)).toHaveText(holds);
  await page.getByText('All settings', { exact: true }).click();
  await expect(page.getByLabel('All settings')).toContainText('"gradient_accumulation_steps": 3');
  await takeSettings(page, { ...SETTINGS, gradient_accumulation_steps: 2 });
  await expect(
    page.getByText(/the micro-batches that workers share .* give 3 or more/),
  ).toBeVisible();
  await expect(start(page)).toHaveAttribute('aria-disabled', 'true');
});

test('a worker that ends is named, and the run goes on to the same bits', async ({
  browser,
  server,
}) => {
  const context = await browser.newContext();
  await endFirstRank(context, 6);
  const page = await context.newPage();
  await beginShared(page, server.url, 'full_shard');
  const { left, told } = await leftBy(page);
  await context.close();
  expect(told).toMatch(/Worker 1 lost in step 6, all back to after 3 steps.*its worker ended/s);
  expect(left.adapter).toBe(runs.get('full_shard')?.left.adapter);
});

test('a GPU process that ends takes all devices, and the run goes on with others to the same bits', async ({
  browser,
  server,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await beginShared(page, server.url, 'full_shard');
  await kept(page);
  await crashGpuProcess(page);
  const { left, told } = await leftBy(page);
  await context.close();
  expect(told).toMatch(/the GPU device was lost/);
  expect(told).toMatch(/Resumed from the checkpoint after \d+ steps/);
  expect(left.adapter).toBe(runs.get('full_shard')?.left.adapter);
});

test('a run whose tab is closed goes on with as many workers, to the same bits', async ({
  browser,
  server,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await beginShared(page, server.url, 'shard_grad_op');
  await kept(page);
  await page.close();
  const next = await context.newPage();
  await openTuning(next, server.url);
  await resume(next).click();
  const { left } = await leftBy(next);
  await context.close();
  expect(left.adapter).toBe(runs.get('shard_grad_op')?.left.adapter);
});

test('where a page is not isolated, workers send messages and come to the same bits', async ({
  browser,
}) => {
  await using host = await staticHost('dist/page');
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  await openTuning(page, host.url);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await page.getByLabel('Workers that train together').selectOption('2');
  const each = page.getByLabel('Each of them holds');
  await expect(each.getByRole('option')).toHaveText([HOLDS.ddp, HOLDS.shard_grad_op]);
  await beginShared(page, host.url, 'shard_grad_op');
  const { left } = await leftBy(page);
  await context.close();
  expect(left.adapter).toBe(runs.get('shard_grad_op')?.left.adapter);
});
