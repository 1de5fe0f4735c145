import { expect, test } from 'vitest';
import { TestFiles } from './test-files.ts';

const files = new TestFiles(
  new Map([
    ['src/train/rate.ts', 'export const rate = 1;'],
    ['src/train/rate.test.ts', "import { rate } from './rate.ts';"],
    ['src/train/registry.ts', "export const all = import.meta.glob('../train/*.ts');"],
    ['src/train/registry.test.ts', "import { all } from './registry.ts';"],
    ['src/cli/runtime/rate.gpu.test.ts', "import { rate } from '../../train/rate.ts';"],
    ['src/testing/train.test.ts', "import { all } from '../train/registry.ts';"],
    ['src/train/late.test.ts', "const late = () => import('./rate.ts');"],
    ['src/train/other.test.ts', "import { test } from 'vitest';"],
  ]),
);

test('the tests that reach a file are there, the nearest first, slow ones last', () => {
  expect(files.of('src/train/rate.ts')).toEqual([
    { file: 'src/train/rate.test.ts', distance: 1, isSlow: false },
    { file: 'src/train/late.test.ts', distance: 1, isSlow: false },
    { file: 'src/train/registry.test.ts', distance: 1, isSlow: false },
    { file: 'src/testing/train.test.ts', distance: 2, isSlow: false },
    { file: 'src/cli/runtime/rate.gpu.test.ts', distance: 1, isSlow: true },
  ]);
});

test('of equally near tests those come first that are named like the file', () => {
  const named = new TestFiles(
    new Map([
      ['src/reference/nn/silu.ts', 'export const silu = 1;'],
      ['src/gpu/other.test.ts', "import '../reference/nn/silu.ts';"],
      ['src/testing/reference-numbers.test.ts', "import '../reference/nn/silu.ts';"],
      ['src/reference/nn/all.test.ts', "import './silu.ts';"],
    ]),
  );
  expect(named.of('src/reference/nn/silu.ts').map(({ file }) => file)).toEqual([
    'src/reference/nn/all.test.ts',
    'src/testing/reference-numbers.test.ts',
    'src/gpu/other.test.ts',
  ]);
});

test('no test reaches what none imports', () => {
  expect(files.of('src/train/alone.ts')).toEqual([]);
});
