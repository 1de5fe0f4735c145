import { expect, test } from 'vitest';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { crossEntropy } from '../vocabulary/nn/cross_entropy.ts';
import { defineRecord } from './define.ts';
import { recordOf } from './registry.ts';

/** What a record says of its tensors, in its order: `x? dx f32`. */
const wordsOf = (specs: ReturnType<typeof recordOf>['inputs']) =>
  Object.entries(specs).map(([name, { dtypes, optional, differentiable }]) =>
    [`${name}${optional ? '?' : ''}`, ...(differentiable ? ['d'] : []), ...dtypes].join(' '),
  );

test('the tensors of a record are those of its signature: absent ones, gradients, what is kept', () => {
  const { inputs, outputs } = recordOf('lora_linear');
  expect(wordsOf(inputs)).toEqual([
    'x d f32',
    'lora_A d f32',
    'lora_B d f32',
    'weight? f32',
    'packed? u8',
    'absmax? f32',
    'bias? f32',
    'magnitude? d f32',
  ]);
  // What is computed comes before what is kept of it for the backward pass.
  expect(wordsOf(outputs)).toEqual(['y f32', 'xa f32', 'z? f32', 'norm? f32']);
  expect(wordsOf(recordOf('matmul').inputs)).toEqual([
    'a d f32 i32 u8 i8',
    'b d f32 i32 u8 i8',
    'bias? d f32 i32 u8 i8',
  ]);
});

test('a record has the name and the family of its op, and no more than its author wrote', () => {
  const { name, family, ...rest } = recordOf('argmax');
  expect([name, family]).toEqual(['argmax', 'math']);
  expect(Object.keys(rest).sort()).toEqual(
    [
      ...['acceptance', 'faults', 'forward', 'inputs', 'outputs', 'plausibleBugs', 'samples'],
      ...['signature', 'summary'],
    ].sort(),
  );
});

test('samples without gradients have none', () => {
  const { samples } = recordOf('transpose');
  expect(samples.map((sample) => 'grads' in sample)).toEqual(
    samples.map(({ label }) => label['dtype'] === undefined),
  );
});

test('a sample gives what there is, of inputs and of gradients', () => {
  const x = hostTensorFrom('f32', [1], [2]);
  const { samples } = defineRecord(crossEntropy, {
    summary: '',
    forward: () => ({ loss: { shape: [1], data: Float64Array.of(0) } }),
    acceptance: () => ({}),
    samples: [
      {
        level: 'legal',
        label: {},
        params: {},
        inputs: () => ({ logits: x, labels: x, weight: undefined }),
        grads: () => ({ loss: x, log_probs: undefined }),
      },
    ],
    faults: [],
    plausibleBugs: [],
  });
  const [{ inputs, grads } = {} as (typeof samples)[number]] = samples;
  expect(
    [inputs(new Random(1)), grads?.(new Random(1))].map((of) => Object.keys(of ?? {})),
  ).toEqual([['logits', 'labels'], ['loss']]);
});

test('an op that is not there has no record', () => {
  expect(() => recordOf('no_such_op')).toThrow('no_such_op has no record');
});
