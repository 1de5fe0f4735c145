import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import type { Work } from '../../src/bench/work.ts';
import { works } from '../../src/bench/works.ts';
import { OrtContender } from './contender.ts';
import { wasmProvider } from './wasm.ts';

const contender = new OrtContender(wasmProvider(ort));

const workOf = (pattern: RegExp) => {
  const found = [...works.values()].find(({ id }) => pattern.test(id));
  expect(found, `a work like ${pattern}`).toBeDefined();
  return found as Work;
};

test('it says whose version it is', () => {
  expect(contender.name).toBe('ort-wasm');
  expect(contender.version).toMatch(/^\d+\.\d+\.\d+/);
});

test.each([
  [/mlp-step/, 'no training'],
  [/adamw_step/, 'no training'],
  [/softmax.*grad=x/, 'no training'],
  [/dequantize/, 'no operator for dequantize_4bit'],
])('of %s it has a reason', (pattern, reason) => {
  expect(contender.settingsFor(workOf(pattern))).toEqual({
    reason: expect.stringContaining(reason),
  });
});

/** The smallest work of each kind, whatever its sizes: what is drawn for a large one takes a second. */
const smallest = new Map<string, Work>();
for (const work of works.values()) {
  const kind = work.id.replaceAll(/\d+/g, '');
  if (work.flops < (smallest.get(kind)?.flops ?? Number.POSITIVE_INFINITY))
    smallest.set(kind, work);
}

test('every work of an op forward has a setting or a reason', () => {
  for (const work of smallest.values()) {
    if (work.kind !== 'op' || work.id.includes('grad=')) continue;
    const settings = contender.settingsFor(work);
    if (!('reason' in settings)) expect(settings.length, work.id).toBeGreaterThan(0);
  }
});

test('what is prepared runs any number of times, and tells its threads', async () => {
  const work = workOf(/matmul:f32;m=37/);
  const [setting] = contender.settingsFor(work) as readonly string[];
  await using prepared = await contender.prepare(work, setting as string);
  const first = (await prepared.results()).outputs['y'];
  await prepared.run(3);
  await prepared.runDocumented?.(2);
  expect((await prepared.results()).outputs['y']).toEqual(first);
  expect(prepared.metrics?.()).toEqual({ threads: expect.any(Number) });
});
