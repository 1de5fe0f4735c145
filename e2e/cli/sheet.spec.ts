import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

const CONFIG = {
  ...{ model_type: 'llama', hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30 },
  ...{ num_attention_heads: 9, num_key_value_heads: 3, vocab_size: 49_152 },
  ...{ max_position_embeddings: 2048, tie_word_embeddings: true },
};

function configIn(folder: string, config: object): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test('the sheet has the model of a config.json first, and the same as CSV', async ({ folder }) => {
  const csv = join(folder, 'sheet.csv');
  const { status, stdout, stderr } = await gradproof([
    ...['sheet', '--config', configIn(folder, CONFIG), '--csv', csv],
    ...['--memory', '24', '--context', '4096'],
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('nf4, LoRA of rank 16, 1 x 4096 tokens a step, adamw');
  expect(stdout).toMatch(/^model .*\nyour model +0\.1345 B .* fits .*made for 2048 tokens\n/m);
  expect(stdout).toMatch(
    /^Llama-3\.1-70B +70\.55 B .* too large .*split: model\.embed_tokens \/ /m,
  );
  expect(stdout).toMatch(/^One binding may hold .* GiB/m);
  expect(stdout).toContain('Time is told with --speed FILE');
  const [head, own, first] = readFileSync(csv, 'utf8').split('\r\n');
  expect(head).toMatch(
    /^model,parameters,weights,adapters,optimizer,checkpointed,whole,total,room/,
  );
  expect(own).toMatch(/^your model,134515008,/);
  // By hand: src/sheet/needs.test.ts.
  expect(first).toMatch(/^Qwen2\.5-0\.5B,494032768,473832960,35192832,105578496,/);
});

test('time is told by a report of this device', { tag: '@long' }, async ({ folder }) => {
  const report = join(folder, 'speed.json');
  const timing = ['--tier', 'full', '--filter', 'speed.ops:product-4bit-32', '--runtime', 'node'];
  await gradproof([...timing, '--report', report]);
  const { status, stdout } = await gradproof(['sheet', '--speed', report, '--examples', '10']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^model .* 10 examples$/m);
  expect(stdout).toMatch(/^Llama-3\.2-1B .* \d+(\.\d)? (s|min|h|days) to \d/m);
  expect(stdout).toContain('by the speed of 1 product with 4-bit weights');
});

for (const [args, says] of [
  [['--method', 'none'], 'no method is named none: give '],
  [['--rank', '0'], '--rank 0: must be a whole number from 1 to 1024'],
  [['--checkpointing', 'maybe'], '--checkpointing maybe: must be on or off'],
  [['--memory', 'much'], '--memory much: must be a number of GiB'],
] as const)
  test(`refuses ${args.join(' ')} in a line`, async () => {
    const { status, stderr } = await gradproof(['sheet', ...args]);
    expect([status, stderr.trim().split('\n')]).toEqual([2, [expect.stringContaining(says)]]);
  });

test('refuses another architecture by its name', async ({ folder }) => {
  const path = configIn(folder, { ...CONFIG, model_type: 'gemma2' });
  const { status, stderr } = await gradproof(['sheet', '--config', path]);
  expect([status, stderr]).toEqual([
    2,
    expect.stringContaining('config.json: model_type "gemma2" is not known here'),
  ]);
});
