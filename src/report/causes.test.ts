import { expect, test } from 'vitest';
import { type Cause, causesOf, causeWords } from './causes.ts';
import { result } from './fixtures/reports.ts';
import type { CaseResult } from './schema.ts';

const passed = (id: string, ...kernels: string[]) =>
  result({ id, status: 'pass', assertions: 1, kernels });
const failed = (id: string, ...kernels: string[]) =>
  result({
    id,
    status: 'fail',
    assertions: 1,
    kernels,
    error: { code: 'out-of-bound', message: '' },
  });
const words = (results: readonly CaseResult[]) => {
  const causes = causesOf(results);
  const wrong = causes.reduce((sum, cause) => sum + cause.results.length, 0);
  return causes.map((cause: Cause) => causeWords(cause, wrong));
};

test('the kernels of wrong results less those of right ones', () => {
  const results = [
    passed('a:matmul', 'matmul/tiled', 'nn/gelu'),
    failed('a:silu', 'nn/silu'),
    failed('a:mlp', 'matmul/tiled', 'nn/silu'),
    failed('a:train', 'matmul/tiled', 'nn/silu', 'optim/adamw'),
  ];
  expect(words(results)).toEqual(['3 checks are wrong, all of them dispatch nn/silu']);
  expect(words(results.slice(0, 2))).toEqual(['1 check is wrong, it dispatches nn/silu']);
});

test('two broken kernels are two causes, and what neither explains has a reason in common', () => {
  const lost = result({
    id: 'a:lost',
    status: 'lost',
    assertions: 0,
    error: { code: 'no-device', message: '' },
  });
  const results = [
    passed('a:ok', 'matmul/tiled'),
    passed('a:fine', 'matmul/tiled'),
    passed('a:good', 'matmul/tiled'),
    failed('a:1', 'nn/silu'),
    failed('a:2', 'nn/silu', 'matmul/tiled'),
    failed('a:3', 'quant/nf4', 'quant/nf4_pack'),
    failed('a:4', 'matmul/tiled'),
    lost,
  ];
  expect(words(results)).toEqual([
    '2 of 5 wrong checks dispatch nn/silu, which no right one does',
    '1 of 5 wrong checks dispatches quant/nf4 and quant/nf4_pack, which no right one does',
    '1 of 5 wrong checks: out-of-bound',
    '1 of 5 wrong checks: no-device',
  ]);
});

test('a broken kernel that is right on some inputs is found where most of its cases are wrong', () => {
  const results = [
    passed('a:zeros', 'nn/silu'),
    passed('a:1', 'matmul/tiled'),
    passed('a:2', 'matmul/tiled'),
    failed('a:3', 'nn/silu'),
    failed('a:4', 'nn/silu', 'matmul/tiled'),
  ];
  expect(words(results)).toEqual([
    '2 checks are wrong, all of them dispatch nn/silu, as 1 right one does too',
  ]);
  const other = failed('a:5', 'nn/gelu');
  expect(words([...results, other])).toEqual([
    '2 of 3 wrong checks dispatch nn/silu, as 1 right one does too',
    '1 of 3 wrong checks dispatches nn/gelu, which no right one does',
  ]);
  const more = [passed('a:6', 'nn/silu'), passed('a:7', 'nn/silu')];
  expect(words([...results, ...more])).toEqual(['2 checks are wrong: out-of-bound']);
});

test('in a part of the checks a kernel that only wrong ones use does not hide the one they share', () => {
  const results = [
    passed('a:zeros', 'nn/swiglu', 'matmul/matmul_subgroup'),
    failed('a:1', 'nn/swiglu', 'matmul/matmul'),
    failed('a:2', 'nn/swiglu', 'matmul/matmul'),
    failed('a:3', 'nn/swiglu', 'matmul/matmul_tiled'),
    failed('a:4', 'nn/swiglu', 'matmul/matmul_subgroup'),
    failed('a:5', 'nn/swiglu', 'matmul/matmul_subgroup'),
  ];
  expect(words(results)).toEqual([
    '5 checks are wrong, all of them dispatch nn/swiglu, as 1 right one does too',
  ]);
});

test('a group names what all of it dispatched, and no more than three kernels', () => {
  const kernels = ['a/a', 'b/b', 'c/c', 'd/d', 'e/e'];
  expect(words([failed('a:1', ...kernels), failed('a:2', ...kernels, 'f/f')])).toEqual([
    '2 checks are wrong, all of them dispatch a/a, b/b, c/c and 2 more',
  ]);
});

test('kernels of a case whose control stayed green are not suspected, and expected failures are no one’s', () => {
  const green = {
    ...passed('a:green', 'nn/silu'),
    control: { fault: 'x', status: 'green' },
  } as const;
  const known = {
    ...failed('a:known', 'nn/gelu'),
    finding: { code: 'expected-failure', message: '' },
  };
  expect(words([green, known])).toEqual(['1 check is wrong: control-green']);
  expect(words([passed('a:b', 'nn/silu')])).toEqual([]);
});

test('every wrong result is in one group', () => {
  const results = [
    failed('a:1', 'x', 'y'),
    failed('a:2', 'y', 'z'),
    failed('a:3', 'x'),
    failed('a:4'),
  ];
  const grouped = causesOf(results).flatMap((cause) => cause.results.map(({ id }) => id));
  expect(grouped.sort()).toEqual(['a:1', 'a:2', 'a:3', 'a:4']);
});

test('a kernel that is in as many right results as wrong ones tells less than one in fewer wrong ones', () => {
  const results = [
    passed('a:1', 'shared'),
    passed('a:2', 'shared'),
    passed('a:3', 'shared'),
    failed('a:4', 'shared', 'broken'),
    failed('a:5', 'shared', 'broken'),
    failed('a:6', 'shared'),
  ];
  expect(words(results)).toEqual([
    '2 of 3 wrong checks dispatch shared and broken, which no right one does',
    '1 of 3 wrong checks dispatches shared, as 3 right ones do too',
  ]);
});

test('of two that tell as much the one in fewer right results is the cause', () => {
  const results = [
    passed('a:1', 'often'),
    failed('a:2', 'often', 'seldom'),
    failed('a:3', 'often', 'seldom'),
    failed('a:4', 'often'),
  ];
  expect(words(results)).toEqual([
    '2 of 3 wrong checks dispatch often and seldom, which no right one does',
    '1 of 3 wrong checks dispatches often, as 1 right one does too',
  ]);
});

test.each([
  ['b', 'a'],
  ['a', 'b'],
])('of two that are alike it is the first by name: %s, %s', (one, other) => {
  const results = [failed('a:1', one, other), failed('a:2', one), failed('a:3', other)];
  expect(words(results)).toEqual([
    '2 of 3 wrong checks dispatch a, which no right one does',
    '1 of 3 wrong checks dispatches b, which no right one does',
  ]);
});

test('what most wrong results share is the cause although a right one has it', () => {
  const results = [
    passed('a:1', 'most'),
    failed('a:2', 'most', 'one'),
    failed('a:3', 'most'),
    failed('a:4', 'most'),
  ];
  expect(words(results)).toEqual([
    '3 checks are wrong, all of them dispatch most, as 1 right one does too',
  ]);
});

test('a cause has its kernels, what passed with them, the code of its first result, and all of them', () => {
  const lost = result({
    id: 'a:lost',
    status: 'lost',
    assertions: 0,
    kernels: ['nn/silu'],
    error: { code: 'no-device', message: 'it went away' },
  });
  const silu = failed('a:2', 'nn/silu');
  const alone = failed('a:3');
  const other = { ...failed('a:4'), error: { code: 'not-finite', message: 'y[0] is NaN' } };
  const results = [passed('a:1', 'nn/silu'), lost, silu, alone, other];
  expect(causesOf(results)).toEqual([
    { kernels: ['nn/silu'], alsoPassed: 1, code: 'no-device', results: [lost, silu] },
    { kernels: [], alsoPassed: 0, code: 'out-of-bound', results: [alone] },
    { kernels: [], alsoPassed: 0, code: 'not-finite', results: [other] },
  ]);
});

test('neither an expected failure nor a green control makes a kernel a suspect', () => {
  const green = {
    ...passed('a:green', 'nn/silu'),
    control: { fault: 'x', status: 'green' },
  } as const;
  const known = {
    ...failed('a:known', 'nn/silu'),
    finding: { code: 'expected-failure', message: '' },
  };
  // One of the three that count is wrong.
  expect(words([green, passed('a:1', 'nn/silu'), failed('a:2', 'nn/silu'), known])).toEqual([
    '1 of 2 wrong checks: control-green',
    '1 of 2 wrong checks: out-of-bound',
  ]);
});

test.each([
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
  [['a', 'b', 'c', 'd'], 'a, b, c and 1 more'],
])('of %j are named %s', (kernels, named) => {
  expect(words([failed('a:1', ...kernels)])).toEqual([`1 check is wrong, it dispatches ${named}`]);
});
