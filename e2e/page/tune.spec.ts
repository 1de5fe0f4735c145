import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { covers } from '../../src/catalog/covers.ts';
import { readGguf } from '../../src/formats/gguf.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { readReport } from '../../src/report/read.ts';
import { violations } from './axe.ts';
import { drop } from './drop.ts';
import { answerOf, expect, test } from './page-test.ts';
import { lyingRuns } from './stored-runs.ts';
import { tinyGguf } from './tiny-gguf.ts';
import { ended, MODEL, openTuning, QUICK, saved, start, takeSettings } from './tune-page.ts';

const answer = (page: Page, title: RegExp) => page.getByRole('group', { name: title });

test('the small model learns tales with one click, answers before and after, and its adapter, log and report are files', {
  tag: '@long',
}, async ({ page }) => {
  await openTuning(page);
  await page.getByText('as the model sees them').click();
  await expect(page.getByText(/128 tokens, 127 of them asked/).first()).toBeVisible();
  const steps = page.getByRole('textbox', { name: 'Steps' });
  await steps.fill('4');
  await steps.press('Tab');
  await page.getByLabel('A trace of the first steps too').check();
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await expect(answer(page, /Answer: Before/)).toContainText('Once there was a');
  await ended(page);
  await expect(answer(page, /Answer: After 4 steps/)).toHaveAttribute('aria-busy', 'false', {
    timeout: 20_000,
  });
  await expect(answerOf(page)).toHaveText('It learnt, on a processor.');
  await expect(page.getByText('1 step was recomputed in double precision')).toBeVisible();

  const prompt = page.getByRole('textbox', { name: 'The beginning of a text' });
  await prompt.fill('In the dome lived Nova, a');
  await prompt.press('Enter');
  const tuned = answer(page, /Answer: After 4 steps/);
  await expect(tuned).toHaveAttribute('aria-busy', 'false', { timeout: 20_000 });
  await expect(tuned).toContainText('In the dome lived Nova, a');
  const frozen = await answer(page, /Answer: Before/).textContent();
  expect((await tuned.textContent())?.replace(/^.*?In/s, 'In')).not.toBe(
    frozen?.replace(/^.*?In/s, 'In'),
  );

  const { tensors } = readSafetensors(await saved(page, /^Save adapter_model\.safetensors/));
  expect([...tensors.keys()].some((name) => name.includes('lora_A'))).toBe(true);
  const config = JSON.parse((await saved(page, /^Save adapter_config\.json/)).toString());
  expect(config).toMatchObject({ r: 16, base_model_name_or_path: 'gradproof-small' });
  const lines = (await saved(page, 'Save the log (JSON lines)')).toString().trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).step)).toEqual([0, 1, 2, 3, 4, 4]);
  expect((await saved(page, 'Save the log (CSV)')).toString()).toMatch(
    /^step,epoch,loss,eval_loss/,
  );
  const report = readReport((await saved(page, 'Save the report')).toString(), 'the report');
  expect(report.results[0]).toMatchObject({
    status: 'pass',
    id: 'train.qlora:gradproof-small;seed=42;steps=4',
  });
  await expect(page.getByText('The talk is over')).toBeVisible();
  const trace = JSON.parse((await saved(page, 'Save the trace')).toString());
  expect(trace.otherData.steps).toBe(4);
  expect(trace.traceEvents.length).toBeGreaterThan(trace.otherData.dispatches);
});

test('a folder of one’s own is trained, paused, asked meanwhile, and stopped with what it learnt', {
  tag: '@long',
}, async ({ page }) => {
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  await expect(page.getByText('No model is chosen yet')).toBeVisible();
  await expect(start(page)).toBeDisabled();
  await page.getByLabel('Choose a folder').setInputFiles(MODEL);
  await expect(page.getByText(/model: 4 files, 1\.0.MB/)).toBeVisible();
  await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();
  await takeSettings(page, { ...QUICK, max_steps: 1000 });
  await expect(start(page)).toBeEnabled();
  await start(page).press('Enter');
  await page.getByRole('button', { name: 'Pause' }).press('Enter', { timeout: 90_000 });
  await expect(page.getByText(/^Paused after/)).toBeVisible({ timeout: 20_000 });
  const numbers = page.getByLabel('In numbers');
  const paused = await numbers.textContent();
  await page.getByRole('button', { name: 'Write on' }).click();
  await expect(answer(page, /Answer: After/)).toHaveAttribute('aria-busy', 'false', {
    timeout: 20_000,
  });
  expect(await numbers.textContent(), 'no step is made while it is paused').toBe(paused);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(() => numbers.textContent(), { timeout: 20_000 }).not.toBe(paused);
  await page.getByRole('button', { name: 'Stop and keep' }).click();
  await ended(page);
  await expect(answerOf(page)).toHaveText(/^Stopped after \d+ steps?; what was trained is kept\.$/);
  const asked = page.getByLabel('The beginning of a text, which the model writes on');
  await asked.fill('The fox');
  await asked.press('Enter');
  const now = answer(page, /Answer: After/);
  await expect(now).toContainText('The fox');
  await expect(now).toHaveAttribute('aria-busy', 'false', { timeout: 20_000 });
  await saved(page, 'Save the report');
  await expect(page.getByText('The talk is over')).toBeVisible();
  await expect(asked).not.toBeEditable();
  await expect(asked).toHaveAccessibleDescription(/^The talk is over/);
  const { tensors } = readSafetensors(await saved(page, /^Save adapter_model\.safetensors/));
  expect(tensors.size).toBeGreaterThan(0);
});

test('a GGUF file is a model: chosen, its texts seen token by token, and trained', {
  tag: '@long',
}, async ({ page }) => {
  const file = await tinyGguf();
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  await page
    .getByLabel('Choose a GGUF file')
    .setInputFiles({ ...file, buffer: file.buffer.subarray(0, 5000) });
  await expect(page.getByRole('alert').getByRole('listitem')).toContainText('is it cut off?');
  await page.getByLabel('Choose a GGUF file').setInputFiles(file);
  await expect(page.getByText(/^tiny\.gguf: 1 file, \d+.kB$/)).toBeVisible();
  await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();
  await takeSettings(page, { ...QUICK, type: 'qlora' });
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  const adapter = JSON.parse((await saved(page, /^Save adapter_config\.json/)).toString());
  expect(adapter).toMatchObject({ base_model_name_or_path: 'tiny.gguf' });
});

test('the merged model is written part by part, and is a download where no folder can be chosen', {
  tag: '@long',
}, async ({ page }) => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'showDirectoryPicker'));
  await openTuning(page);
  await takeSettings(page, { ...QUICK, max_steps: 2 });
  await page.getByLabel('What is saved').selectOption('gguf-q8_0');
  await expect(page.getByText('is there as downloads until the next run')).toBeVisible();
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  await expect(page.getByText(/^Rounding moved its merged weights by .*%/)).toBeVisible();
  expect(await lyingRuns(page), 'no person has it yet').toHaveLength(1);
  const bytes = await saved(page, /^Save model-q8_0\.gguf/);
  await expect.poll(() => lyingRuns(page)).toEqual([]);
  const { tensors, metadata } = readGguf(bytes);
  expect(tensors.get('blk.5.ffn_down.weight')).toMatchObject({ shape: [128, 384] });
  expect(metadata.get('general.name')).toBe('gradproof-small');
});

test('the merged model is written into the folder that a person chose, or the run does not begin', {
  tag: '@full',
}, async ({ page }) => {
  // The dialog is the browser's own: a real folder takes the place of what a person chooses in it.
  await page.addInitScript(() => {
    let asked = 0;
    Object.assign(globalThis, {
      showDirectoryPicker: async () => {
        if (asked++ === 0) throw new DOMException('nothing was chosen', 'AbortError');
        const root = await navigator.storage.getDirectory();
        return await root.getDirectoryHandle('mine', { create: true });
      },
    });
  });
  await openTuning(page);
  await takeSettings(page, { ...QUICK, max_steps: 2 });
  await page.getByLabel('What is saved').selectOption('merged');
  await expect(page.getByText('into a folder that you choose when you start')).toBeVisible();
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await expect(page.getByText('into a folder that you choose when you start')).toBeVisible();
  await start(page).click();
  await ended(page);
  await expect(page.getByText('Written into mine:')).toBeVisible();
  await expect.poll(() => lyingRuns(page), 'the person has it').toEqual([]);
  const files = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('mine');
    const found: Record<string, number[]> = {};
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) {
      const file = await (await folder.getFileHandle(name)).getFile();
      found[name] = [...new Uint8Array(await file.arrayBuffer())];
    }
    return found;
  });
  expect(Object.keys(files).sort()).toEqual([
    ...['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'],
  ]);
  const { tensors } = readSafetensors(Uint8Array.from(files['model.safetensors'] ?? []));
  expect(tensors.get('model.layers.5.mlp.down_proj.weight')).toMatchObject({ dtype: 'F16' });
  const config = JSON.parse(Buffer.from(files['config.json'] ?? []).toString());
  expect(config).not.toHaveProperty('quantization_config');
});

test('a merged model without room is told in the report, and the adapter is a file all the same', {
  tag: '@full',
}, async ({ page }) => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'showDirectoryPicker'));
  await openTuning(page);
  await takeSettings(page, { ...QUICK, max_steps: 1 });
  await page.getByLabel('What is saved').selectOption('merged-float32');
  await expect(start(page)).toBeEnabled();
  const { usage = 0 } = await page.evaluate(() => navigator.storage.estimate());
  const browser = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 500_000 });
  await start(page).click();
  await ended(page);
  await expect(page.getByRole('heading', { name: 'The merged model' })).toBeHidden();
  const { tensors } = readSafetensors(await saved(page, /^Save adapter_model\.safetensors/));
  expect(tensors.size).toBeGreaterThan(0);
  const report = readReport((await saved(page, 'Save the report')).toString(), 'the report');
  expect(report.results[0]?.error).toMatchObject({
    code: 'save-quota',
    message: expect.stringMatching(/^model\.safetensors does not fit: /),
  });
});

test('a large data file becomes tokens in a worker, and the page tells how far it is', {
  tag: '@long',
}, async ({ page }) => {
  const line = (i: number) => JSON.stringify({ text: `${i} ${'the fox ran home. '.repeat(20)}` });
  const text = Array.from({ length: 6000 }, (_, i) => line(i)).join('\n');
  await openTuning(page);
  await page
    .getByLabel('Choose a data file')
    .setInputFiles({ name: 'tales.jsonl', mimeType: 'text/plain', buffer: Buffer.from(text) });
  await expect(
    page.getByText(/^Making tokens of the data: [\d,]+ of 6,000 records…$/),
  ).toBeVisible();
  await expect(page.getByText('6,000 texts (text)')).toBeVisible({ timeout: 60_000 });
  await expect(start(page)).toBeEnabled();
});

test('what is wrong with a folder, with data and with settings is told where it was chosen', async ({
  page,
}) => {
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  const bytes = async (name: string) => new Uint8Array(await readFile(join(MODEL, name)));
  const config = JSON.parse((await readFile(join(MODEL, 'config.json'))).toString());
  const text = JSON.stringify({ ...config, hidden_size: 100, num_hidden_layers: 0 });
  await drop(page, [
    { name: 'config.json', bytes: new TextEncoder().encode(text) },
    { name: 'tokenizer.json', bytes: await bytes('tokenizer.json') },
  ]);
  const faults = page.getByRole('alert').getByRole('listitem');
  await expect(faults.first()).toContainText('num_hidden_layers');
  await expect(start(page)).toBeDisabled();

  await page.getByRole('radio', { name: 'small model' }).check();
  await page.getByLabel('Choose a data file').setInputFiles({
    name: 'chats.jsonl',
    mimeType: 'application/jsonl',
    buffer: Buffer.from('{"text":"one"}\n{"text":\n{"nothing":1}\n'),
  });
  await expect(faults).toHaveText([/^line 2: /, /^line 3: /]);
  await expect(start(page)).toBeDisabled();
  await page.getByRole('button', { name: 'Take the tales' }).click();
  await expect(start(page)).toBeEnabled();

  const length = page.getByRole('textbox', { name: 'Length, in tokens' });
  for (const [typed, told] of [
    ['many', /max_length is "many"/],
    ['4096', /made for 128 tokens/],
  ] as const) {
    await length.fill(typed);
    await length.press('Tab');
    await expect(length).toHaveAttribute('aria-invalid', 'true');
    await expect(length).toHaveAccessibleDescription(told);
    await expect(start(page)).toBeDisabled();
  }
  await takeSettings(page, { ...QUICK, banana: 1 });
  await expect(page.getByRole('alert')).toContainText('there is no "banana"');
  await page.getByRole('button', { name: 'The usual settings' }).click();
  await expect(start(page)).toBeEnabled();
});

test('after models that cannot be loaded the small one is trained', {
  ...covers('tb.recovery.model-load-failure/fallback-model-trains').control('no step is made', {
    file: 'src/train/llama/run-attempt.ts',
    from: 'while (step < plan.steps) {',
    to: 'while (step + 1 < plan.steps) {',
  }),
  tag: '@long',
}, async ({ page }) => {
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  const read = async (name: string) => new Uint8Array(await readFile(join(MODEL, name)));
  const rest = [
    { name: 'config.json', bytes: await read('config.json') },
    { name: 'tokenizer.json', bytes: await read('tokenizer.json') },
    { name: 'tokenizer_config.json', bytes: await read('tokenizer_config.json') },
  ];
  const faults = page.getByRole('alert').getByRole('listitem');
  for (const [name, text, told] of [
    ['model.safetensors', 'Once upon a time there was a fox.', /not a safetensors file/],
    ['pytorch_model.bin', '\x80\x02cposix\nsystem\n', /is a Python pickle .*: it is not opened/],
  ] as const) {
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    await drop(page, [...rest, { name, bytes }]);
    await expect(faults.first()).toHaveText(told);
    await expect(start(page)).toBeDisabled();
  }
  await page.getByRole('radio', { name: 'small model' }).check();
  await takeSettings(page, { ...QUICK, max_steps: 1 });
  await expect(start(page)).toBeEnabled();
  await start(page).click();
  await ended(page);
  await expect(answerOf(page)).toHaveText('It learnt, on a processor.');
  const log = (await saved(page, 'Save the log (JSON lines)')).toString();
  expect(log).toMatch(/"step":1,[^\n]*"loss":\d/);
});

test(
  'settings with several faults show each, and are right without what is refused',
  covers('tb.recovery.invalid-configuration/form-shows-violations').control('the first alone is', {
    file: 'src/ui/tune/settings-fields.ts',
    from: 'const others = this.faults.filter(',
    to: 'const others = this.faults.slice(0, 1).filter(',
  }),
  async ({ page }) => {
    await openTuning(page);
    await takeSettings(page, {
      ...{ ...QUICK, learning_rate: -1, per_device_train_batch_size: 1.5, num_train_epochs: 0 },
      ...{ optim: 'adamw_fast', seed: 7 },
    });
    const rate = page.getByRole('textbox', { name: 'Learning rate' });
    await expect(rate).toHaveAccessibleDescription(
      /^learning_rate is -1: it must be a number from 1e-12 to 1000$/,
    );
    await expect(page.getByRole('alert')).toHaveText([
      /^optim is "adamw_fast": known are /,
      /^per_device_train_batch_size is 1\.5: it must be a whole number from 1 to 1024$/,
      /^num_train_epochs is 0: /,
    ]);
    await expect(start(page)).toBeDisabled();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Leave out what is refused' }).press('Enter');
    await expect(page.getByRole('alert')).toHaveCount(0);
    await expect(rate).toHaveValue('');
    await expect(page.getByLabel('All settings').last()).toContainText('"seed": 7');
    await expect(start(page)).toBeEnabled();
  },
);

test('runs are kept when that is asked for, compared and deleted', { tag: '@full' }, async ({
  page,
}) => {
  await openTuning(page);
  await takeSettings(page, { ...QUICK, max_steps: 2 });
  await expect(page.getByText('No run is kept yet.')).toBeVisible();
  const kept = page.locator('gp-kept-tunings').getByRole('listitem');
  for (const [times, button] of [
    [1, 'Start'],
    [2, 'Start again'],
  ] as const) {
    await expect(page.getByRole('button', { name: button, exact: true })).toBeEnabled();
    await page.getByRole('button', { name: button, exact: true }).click();
    await expect(page.getByRole('button', { name: 'Stop and keep' })).toBeVisible();
    await ended(page);
    await expect(kept).toHaveCount(times - 1);
    await page.getByRole('button', { name: 'Keep this run' }).click();
    await expect(kept).toHaveCount(times);
  }
  await expect(kept.first()).toContainText(/qlora, 2 steps .* held-out loss 10\.\d+ → \d/);
  await page.reload();
  await expect(kept, 'they outlast a visit').toHaveCount(2);
  for (const box of await page.getByLabel('Compare').all()) await box.check();
  const figure = page.locator('gp-kept-tunings gp-figure');
  await expect(figure.getByRole('img')).toHaveAccessibleName(/^Losses of the first and the second/);
  await figure.getByText('The same as a table').click();
  await expect(figure.getByRole('row')).toHaveCount(4);
  await kept.first().getByRole('button', { name: 'Delete' }).click();
  await expect(kept).toHaveCount(1);
  await page.reload();
  await expect(kept).toHaveCount(1);

  await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('gradproof-tuned');
        opening.onerror = reject;
        opening.onsuccess = () => {
          const change = opening.result.transaction('runs', 'readwrite');
          change.oncomplete = resolve;
          const files = [new File(['x'.repeat(5000)], 'adapter.safetensors')];
          change.objectStore('runs').put({ id: 'older', weights: { files } }, 'older');
        };
      }),
  );
  await page.reload();
  await expect(kept).toHaveCount(2);
  await expect(kept.last()).toContainText('this version of the page cannot read');
  await kept
    .last()
    .getByRole('button', { name: /^Delete \(5[.\d]* kB\)$/ })
    .click();
  await expect(kept).toHaveCount(1);
  await page.reload();
  await expect(kept).toHaveCount(1);
});
