import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { gradproof } from '../cli/gradproof.ts';
import { expect, open } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { ended, MODEL, QUICK, saved, start, takeSettings } from './tune-page.ts';

// Without --enable-unsafe-webgpu the browser has WebGPU, but no adapter for it.
test.use({ gpuArguments: ['--use-webgpu-adapter=swiftshader'] });

test('a browser that may use no graphics chip says where the switch is', async ({ page }) => {
  await open(page);
  await expect(page.getByText(/has WebGPU, but no graphics chip that it may use/)).toBeVisible();
  await expect(page.getByText(/chrome:\/\/settings\/system/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeDisabled();
});

const SETTINGS = {
  ...{ ...QUICK, max_steps: 2, heldout_fraction: 0, max_length: 8 },
  ...{ type: 'qlora', lora: { r: 4, lora_alpha: 8 } },
};
const TEXTS = ['The owl was old.', 'A fox ran by.'];

test('without one a model is fine-tuned on the reference, step by step as in a terminal', {
  tag: '@long',
}, async ({ page, folder }) => {
  await page.goto('/?view=train');
  const told = page.getByText(/There is no WebGPU here\. So it is trained on the reference/);
  await expect(told).toBeVisible();
  const buffer = Buffer.from(TEXTS.map((text) => JSON.stringify({ text })).join('\n'));
  const data = { name: 'owls.jsonl', mimeType: 'application/jsonl', buffer };
  await page.getByLabel('Choose a data file').setInputFiles(data);
  await takeSettings(page, SETTINGS);
  await expect(
    page.getByText(/learns 2 texts in 2 steps of qlora, on the reference/),
  ).toBeVisible();
  await start(page).click();
  await ended(page);
  const log = (await saved(page, 'Save the log (JSON lines)')).toString().trim().split('\n');
  const losses = log.map((line) => JSON.parse(line).loss.toFixed(4));
  expect(losses).toEqual(await lossesInTerminal(folder, buffer));
  const adapter = readSafetensors(await saved(page, /^Save adapter_model\.safetensors/));
  expect(adapter.tensors.size).toBeGreaterThan(0);
});

/** The losses that the reference has of the same run, as they are printed. */
async function lossesInTerminal(folder: string, data: Uint8Array): Promise<readonly string[]> {
  const settings = join(folder, 'settings.json');
  writeFileSync(settings, JSON.stringify(SETTINGS));
  const texts = join(folder, 'owls.jsonl');
  writeFileSync(texts, data);
  const given = ['train', '--model', MODEL, '--data', texts, '--config', settings];
  const { stdout, stderr, status } = await gradproof([...given, '--backend', 'reference']);
  expect([status, stderr]).toEqual([0, '']);
  return [...stdout.matchAll(/^step \d+: loss ([\d.]+)/gm)].map(([, loss]) => loss as string);
}
