import { expect, test } from 'vitest';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { autocast } from './autocast.ts';

/** What becomes of operands of some types: what is cast is `name>type`. */
function castsOf(op: string, dtypes: Readonly<Record<string, DType | undefined>>) {
  const inputs = Object.fromEntries(
    Object.entries(dtypes).map(([name, dtype]) => [name, dtype && ({ dtype } as Tensor)]),
  );
  const cast = (x: Tensor, to: string, name: string) => `${x.dtype} ${name}>${to}` as never;
  return Object.values(autocast(op, inputs, 'bfloat16', cast)).map((x) =>
    typeof x === 'object' ? x.dtype : x,
  );
}

test.each<[op: string, products: readonly string[]]>([
  ['matmul', ['a', 'b', 'bias']],
  ['conv1d', ['x', 'weight', 'bias']],
  ['conv2d', ['x', 'weight', 'bias']],
  ['conv_transpose2d', ['x', 'weight', 'bias']],
  ['lora_linear', ['x', 'weight', 'bias', 'lora_A', 'lora_B']],
  ['scaled_dot_product_attention', ['q', 'k', 'v']],
  ['swiglu_mlp', ['x', 'gate', 'up', 'down']],
])('%s stores %j in halves', (op, products) => {
  const others = ['mask', 'packed', 'absmax', 'magnitude'];
  const dtypes = Object.fromEntries([...products, ...others].map((name) => [name, 'f32' as const]));
  expect(castsOf(op, dtypes)).toEqual([
    ...products.map((name) => `f32 ${name}>bfloat16`),
    ...others.map(() => 'f32'),
  ]);
});

test.each([
  ['cross_entropy', 'logits'],
  ['cross_entropy_prob_target', 'logits'],
  ['nll_loss', 'log_probs'],
])('%s reads %s in float32', (op, scores) => {
  expect(castsOf(op, { [scores]: 'f16', labels: 'i32', weight: 'f16' })).toEqual([
    `f16 ${scores}>float32`,
    'i32',
    'f16',
  ]);
  expect(castsOf(op, { [scores]: 'bf16' })).toEqual([`bf16 ${scores}>float32`]);
  expect(castsOf(op, { [scores]: 'f32' })).toEqual(['f32']);
});

test.each(['mse_loss', 'l1_loss', 'smooth_l1_loss', 'huber_loss', 'kl_div', 'bce_with_logits'])(
  '%s reads predictions and targets in float32',
  (op) => {
    expect(castsOf(op, { input: 'bf16', target: 'f16' })).toEqual([
      'bf16 input>float32',
      'f16 target>float32',
    ]);
    expect(castsOf(op, { input: 'f32', target: 'bf16' })).toEqual(['f32', 'bf16 target>float32']);
  },
);

test('what is stored in halves, or is no float, or is not there stays as it is', () => {
  expect(castsOf('matmul', { a: 'f16', b: 'i32', bias: undefined })).toEqual([
    'f16',
    'i32',
    undefined,
  ]);
});

test('what stands in neither list stays as it is', () => {
  expect(castsOf('add', { a: 'f32', b: 'f16', x: 'f32', logits: 'f16' })).toEqual([
    ...['f32', 'f16', 'f32', 'f16'],
  ]);
});
