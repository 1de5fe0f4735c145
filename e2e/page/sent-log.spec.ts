import { servePage } from '../../src/cli/server.ts';
import { runSink } from '../../src/harness/tuning/fixtures/run-sink.ts';
import { expect, test } from './page-test.ts';
import { ended, openTuning, QUICK, saved, start, takeSettings } from './tune-page.ts';

test.use({ mayLogErrors: true }); // a sink that is gone is one

const SEND = 'Send its log to http';

test('the log of a run goes to the sink that the page was started with, where that is asked for, and to no one else', {
  tag: '@long',
}, async ({ page }) => {
  await using sink = await runSink();
  await using own = await servePage('dist/page', 0, undefined, undefined, { sink: sink.url });
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(own.url)) foreign.push(request.url());
  });
  await openTuning(page, own.url);
  await takeSettings(page, { ...QUICK, max_steps: 2 });
  await expect(page.getByLabel(SEND)).not.toBeChecked();
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  expect(sink.asked, 'off by default').toEqual([]);

  await page.getByText('Data and settings').click();
  await page.getByLabel(SEND).check();
  await page.getByRole('button', { name: 'Start again' }).click();
  await expect(page.getByRole('button', { name: 'Stop and keep' })).toBeVisible();
  await ended(page);
  const lines = (await saved(page, 'Save the log (JSON lines)')).toString().trim().split('\n');
  await expect(page.getByText(`${sink.url} has its log: ${lines.length} lines.`)).toBeVisible();
  const [run] = sink.runs.values();
  expect(run?.rows.map(({ _step, _runtime, _timestamp, ...row }) => row)).toEqual(
    lines.map((line) => JSON.parse(line)),
  );
  expect(run).toMatchObject({ title: 'qlora of gradproof-small', exitCode: 0 });
  expect(foreign).toEqual([]);
});

test('a sink that is not there costs a line, and no step', {
  tag: '@long',
}, async ({ page }) => {
  const sink = await runSink();
  await sink[Symbol.asyncDispose]();
  await using own = await servePage('dist/page', 0, undefined, undefined, { sink: sink.url });
  await openTuning(page, own.url);
  await takeSettings(page, { ...QUICK, max_steps: 2 });
  await page.getByLabel(SEND).check();
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  await expect(
    page.getByText(/ has 0 of \d+ lines of its log: save the log as a file\.$/),
  ).toBeVisible();
  await page.getByText(/^What happened/).click();
  await expect(
    page.getByText(/After 0 steps its log was not taken, and is sent later:/),
  ).toBeVisible();
});

test('the page says what may leave this computer and come from elsewhere', async ({ page }) => {
  const named = { sink: 'http://localhost:1', models: 'https://models.example' };
  await using own = await servePage('dist/page', 0, undefined, undefined, named);
  await openTuning(page, own.url);
  const says = (text: string) => expect(page.getByText(text)).toBeVisible();
  await says(`Nothing is uploaded but the log of a run to ${named.sink}`);
  await says(`from anywhere else but models that you fetch from ${named.models}.`);
  await says(`Nothing leaves this computer but the log of a run to ${named.sink}`);
});

test('without a sink none is offered', async ({ page }) => {
  await openTuning(page);
  await expect(page.getByText('Nothing leaves this computer.')).toBeVisible();
  await expect(page.getByLabel(SEND)).toHaveCount(0);
});
