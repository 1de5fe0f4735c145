import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

const FEW = ['mutate', '--filter', 'mutate.nn.accumulate_grad:*'];

test('mutants die, and the report says which case killed each', { tag: '@long' }, async ({
  folder,
}) => {
  const file = join(folder, 'mutate.json');
  const first = await gradproof([...FEW, '--report', file]);
  expect(first.stdout).toMatch(
    /killed, 0 survived, \d+ equivalent \(\S+ % of the valid\), \d+ invalid: killRate 1\.0000/,
  );
  expect(first.status).toBe(0);
  const { kind, run, summary, results } = readReport(readFileSync(file), file);
  expect([kind, run.complete, summary.failed]).toEqual(['mutate', true, 0]);
  expect(summary.passed).toBeGreaterThanOrEqual(8);
  for (const { id, status, kernels, finding, skip } of results) {
    expect(id).toMatch(/^mutate\.nn\.accumulate_grad:[a-z-]+;line=\d+;n=\d+$/);
    if (status === 'pass')
      expect([kernels, finding?.message]).toEqual([
        ['nn/accumulate_grad'],
        expect.stringMatching(/ turned red /),
      ]);
    else expect(['invalid', 'equivalent']).toContain(skip?.code);
  }
});

test('Ctrl-C leaves a partial report', { tag: '@full' }, async ({ folder }) => {
  const file = join(folder, 'partial.json');
  const { status } = await gradproof(['mutate', '--filter', 'mutate.bits.*', '--report', file], {
    interruptAt: /25 of \d+ mutants/,
  });
  expect(status).toBe(130);
  const { run, results } = readReport(readFileSync(file), file);
  expect(run.complete).toBe(false);
  expect(results.length).toBeGreaterThanOrEqual(25);
});
