import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { judgeSamples } from '../../contender/fixtures/sample-works.ts';
import { OrtContender } from '../contender.ts';
import { wasmProvider } from '../wasm.ts';
import { operators } from './operators.ts';

/** The library as Node has it: its WebAssembly provider. */
const contender = new OrtContender(wasmProvider(ort));

/** Weights whose codes are linear are drawn for it, and for no record. */
const ELSEWHERE = 'matmul_4bit';

/** Of these the library's own kernels are coarser than any order of right roundings. */
const COARSER = ['sigmoid', 'silu'];

describe('graphs compute what the oracle does, by the WebAssembly provider', () => {
  test('of all operators there are', () => {
    expect(operators.size).toBeGreaterThan(50);
  });

  const usual = [...operators.keys()].filter((op) => op !== ELSEWHERE && !COARSER.includes(op));
  test.each(usual)('%s', async (op) => {
    const { right, wrong } = await judgeSamples(contender, op);
    expect(wrong).toEqual([]);
    expect(right).toBeGreaterThan(0);
  });

  test.each(COARSER)('%s, whose kernel is known to be coarser', async (op) => {
    const { wrong } = await judgeSamples(contender, op);
    expect(wrong).not.toEqual([]);
  });
});
