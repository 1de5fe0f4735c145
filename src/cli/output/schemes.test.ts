import { expect, test } from 'vitest';
import type { ChoosingOutcome } from '../../harness/choosing.ts';
import type { Measured } from '../../quantizer/choosing/measured.ts';
import { report } from '../../report/fixtures/reports.ts';
import { heard } from './fixtures/heard.ts';
import { showLeftOut, showSaved } from './schemes.ts';

const SCHEME = { method: 'nf4', bits: 4, groupSize: 64 } as const;
const done = (layer: string): Measured => ({
  ...{ layer, scheme: SCHEME, tookMs: 1 },
  result: {
    ...{ weight: { off: 0, whole: 1 }, output: { off: 0, whole: 1 } },
    ...{ bytes: 8, elements: 16, quantizeMs: 1, multiplyMs: 1 },
  },
});
const refused = (layer: string): Measured => ({
  ...{ layer, scheme: SCHEME, tookMs: 1 },
  result: { code: 'quant-method', why: 'rows of 7\u001b[31m' },
});

async function saying(measured: readonly Measured[], isSaved: boolean, complete = true) {
  const { lines, voice } = heard();
  const of = await report([], '');
  const outcome = { measured, report: { ...of, run: { ...of.run, complete } }, stored: [] };
  showSaved(voice, 'q.safetensors', outcome as ChoosingOutcome, isSaved);
  return lines;
}

test('a saved file is told with what is quantized in it, and what is not', async () => {
  const many = Array.from({ length: 10 }, (_, i) => refused(`fc${i}`));
  expect(await saying([done('a'), done('b')], true)).toEqual([
    'q.safetensors: 2 of 2 layers quantized by nf4',
  ]);
  expect(await saying([done('a'), ...many], true)).toEqual([
    'q.safetensors: 1 of 11 layers quantized by nf4; in floats as they were: fc0, fc1, fc2, fc3, fc4, fc5, fc6, fc7 and 2 more',
  ]);
});

test('what would be saved as infinities is told as left in floats', async () => {
  const infinite = (layer: string): Measured => ({
    ...done(layer),
    result: { ...done(layer).result, weight: { off: Number.POSITIVE_INFINITY, whole: 1 } },
  });
  expect(await saying([done('a'), infinite('b')], true)).toEqual([
    'q.safetensors: 1 of 2 layers quantized by nf4; in floats as they were: b',
  ]);
  expect(await saying([infinite('b')], false)).toEqual([
    'q.safetensors is not written: no layer could be quantized: nf4 decodes it to what is not finite',
  ]);
});

test('a file that is not written says why', async () => {
  expect(await saying([refused('a')], false)).toEqual([
    'q.safetensors is not written: no layer could be quantized: rows of 7 [31m',
  ]);
  expect(await saying([done('a')], false, false)).toEqual([
    'q.safetensors is not written: it ended before every layer was quantized',
  ]);
});

test('weights of other types, and what is no layer, are told as left as they are', () => {
  const { lines, voice } = heard();
  showLeftOut(voice, []);
  expect(lines).toEqual([]);
  showLeftOut(voice, [{ layer: 'fc', dtype: 'F8_E4M3', why: 'type' }]);
  expect(lines).toEqual([
    'left as they are: fc (F8_E4M3 is not quantized: give F16, BF16, F32 or F64)',
  ]);
});
