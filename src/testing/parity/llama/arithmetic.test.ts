import { describe, expect, test } from 'vitest';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import { arithmeticOf, halvesOf, isByStates } from './arithmetic.ts';

describe('a mode is its arithmetic', () => {
  test.each([
    ['full', { base: 'trained' }],
    ['custom_lora', { base: 'dense' }],
    ['rslora', { base: 'dense', use_rslora: true }],
    ['custom_qlora', { base: '4bit' }],
    ['bnb_dora', { base: '4bit', use_dora: true }],
    ['hqq_lora', { base: 'hqq' }],
    ['hqq_dora', { base: 'hqq', use_dora: true }],
  ])('%s', (mode, arithmetic) => {
    expect(arithmeticOf(mode)).toEqual(arithmetic);
  });

  test.each(['bnb_llama_pro', 'hqq_llama_pro', 'constructor', ''])('%j has none', (mode) => {
    expect(arithmeticOf(mode)).toBeUndefined();
  });
});

const params = (more: object) =>
  ({ optimizer: 'adamw', compute_dtype: 'float32', ...more }) as unknown as TrainLlamaParams;

test('halves are said by either name', () => {
  expect(halvesOf(params({}))).toBeUndefined();
  expect(halvesOf(params({ compute_dtype: 'bfloat16' }))).toBe('bfloat16');
  expect(halvesOf(params({ autocast_dtype: 'float16' }))).toBe('float16');
});

test('single steps are judged with moments in 8 bits, and in halves', () => {
  expect(isByStates(params({}))).toBe(false);
  expect(isByStates(params({ optimizer: 'adamw8bit' }))).toBe(true);
  expect(isByStates(params({ compute_dtype: 'float16' }))).toBe(true);
});
