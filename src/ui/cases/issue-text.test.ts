import { expect, test } from 'vitest';
import type { PlanEntry } from '../../harness/events.ts';
import type { CaseResult, Environment } from '../../report/schema.ts';
import { commandFor, issueText } from './issue-text.ts';

const entry: PlanEntry = {
  id: 'ops.nn.silu:legal;x=3',
  backend: 'webgpu',
  suite: 'ops.nn.silu',
  tier: 'full',
  description: 'x times its sigmoid.',
  control: 'the sign of the exponent',
  covers: [],
};
const result: CaseResult = {
  id: entry.id,
  suite: entry.suite,
  backend: 'webgpu',
  env: 0,
  covers: [],
  tier: 'full',
  status: 'fail',
  durationMs: 1,
  attempts: 1,
  assertions: 3,
  kernels: ['nn/silu'],
  error: {
    code: 'out-of-bound',
    message: 'y[1] is 2\nand should be 1',
    at: { index: [1], actual: 2, expected: 1 },
  },
};
const environment = {
  runtime: 'chromium',
  runtimeVersion: '156.0',
  os: 'Linux',
  probe: { rounding: 'nearest' },
  adapter: {
    vendor: 'amd',
    architecture: 'rdna-3',
    device: '',
    description: '',
    isFallback: false,
  },
} as unknown as Environment;

test('tells what is wrong, where, and how to see it again', () => {
  const pipelines = { 'nn/silu': [{ width: 64 }] };
  const text = issueText({
    entry,
    result,
    environment,
    details: { examined: [], pipelines },
    seed: 7,
  });
  expect(text).toContain('### `ops.nn.silu:legal;x=3`: fail');
  expect(text).toContain('**out-of-bound**: y[1] is 2 and should be 1');
  expect(text).toContain('`[1]` is `2`, should be `1`');
  expect(text).toContain('`shaders/nn/silu.wgsl` (width=64)');
  expect(text).toContain('AMD rdna-3 (Chromium 156), Linux');
  expect(text).toContain(
    "npm start -- --headless --filter 'ops.nn.silu:legal;x=3' --tier full --seed 7",
  );
});

test('names the adapter of a processor too, and the build', () => {
  const adapter = {
    ...environment.adapter,
    vendor: 'google',
    architecture: 'swiftshader',
    isFallback: true,
  };
  const text = issueText({ entry, result, environment: { ...environment, adapter }, seed: 42 });
  expect(text).toContain('- Where: google swiftshader, a processor (Chromium 156), Linux');
  expect(text).toMatch(/^- With: Gradproof \d+\.\d+\.\d+ \(\w+\)$/m);
});

test('a case that has not run has its command too', () => {
  expect(commandFor(entry, 42)).toBe(
    "npm start -- --headless --filter 'ops.nn.silu:legal;x=3' --tier full",
  );
});
