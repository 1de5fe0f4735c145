import { expect, test } from 'vitest';
import { FAMILIES, FAMILY_NAMES, familyNaming } from './families.ts';

test('a suite is of the family that names it, or all that begin so', () => {
  expect(
    ['ops.matmul.matmul', 'ops.lora.lora_linear', 'suites.broken', 'train.learner'].map(
      familyNaming,
    ),
  ).toEqual(['products', 'lora', 'other', 'training']);
});

test('of several names the longest counts', () => {
  expect(
    [
      'ops.matmul.matmul_4bit',
      'ops.quant.quantize',
      'ops.quant.ternary_matmul',
      'ops.quant.abs_mean',
      'quant.batch',
      'quant.batches',
      'ops.nn.accumulate_grad',
      'ops.nn.accumulate',
      'train.optimizer',
      'ops.wants',
      'ops.refusals',
    ].map(familyNaming),
  ).toEqual([
    'few-bits',
    'few-bits',
    'ternary',
    'ternary',
    'ternary',
    'few-bits',
    'optimizers',
    'layers',
    'optimizers',
    'training',
    'refusals',
  ]);
});

test('ops of a folder belong to the family of its suites, and what no one names to none', () => {
  expect(['attention.flash', 'math.gelu', 'conv.conv2d'].map(familyNaming)).toEqual([
    'attention',
    'arithmetic',
    'layers',
  ]);
  expect(['unknown.suite', '', 'ops', 'suites.broken2', 'nnx.y'].map(familyNaming)).toEqual(
    new Array(5).fill(undefined),
  );
});

test('every family has a name', () => {
  expect(FAMILIES[0]).toBe('products');
  expect(FAMILIES.at(-1)).toBe('other');
  expect(Object.keys(FAMILY_NAMES)).toEqual([...FAMILIES]);
});
