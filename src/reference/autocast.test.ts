import { expect, test } from 'vitest';
import { storedAs } from './autocast.ts';

test('a product is stored as its operands are, and no other tensor counts', () => {
  const half = { dtype: 'f16' } as const;
  const single = { dtype: 'f32' } as const;
  expect(storedAs('matmul', { a: half, b: half })).toBe('f16');
  expect(storedAs('matmul', { a: half, b: half, bias: single })).toBe('f32');
  expect(storedAs('matmul', { a: half, b: half, bias: undefined })).toBe('f16');
  const lora = { x: half, lora_A: half, lora_B: half };
  expect(storedAs('lora_linear', { ...lora, absmax: single, magnitude: single })).toBe('f16');
  expect(storedAs('lora_linear', { ...lora, weight: single })).toBe('f32');
});

test('what is no product is stored as all that it is given', () => {
  const brain = { dtype: 'bf16' } as const;
  expect(storedAs('add', { a: brain, b: brain })).toBe('bf16');
  expect(storedAs('rms_norm', { x: brain, weight: { dtype: 'f32' } })).toBe('f32');
  expect(storedAs('embedding', { weight: brain, ids: { dtype: 'i32' } })).toBe('bf16');
  expect(storedAs('add', { a: {}, b: brain })).toBe('f32');
  expect(storedAs('add', {})).toBe('f32');
});
