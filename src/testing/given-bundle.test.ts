import { expect, test } from 'vitest';
import { readParityBundle } from '../formats/parity-bundle.ts';
import { toHostTensor } from '../formats/safetensors/stored.ts';
import { recordOf } from '../reference/registry.ts';
import { type HostTensors, hostTensorFrom } from '../tensor/host.ts';
import { mul } from '../vocabulary/math/mul.ts';
import { accumulateGrad } from '../vocabulary/nn/accumulate_grad.ts';
import { lrSchedule } from '../vocabulary/optim/lr_schedule.ts';
import { bundleOfGiven } from './given-bundle.ts';
import type { Given } from './suite.ts';

const f32 = (...data: readonly number[]) => hostTensorFrom('f32', [data.length], data);
const given = (more: Partial<Given> = {}): Given => ({
  op: mul,
  variant: 'naive',
  level: 'legal',
  params: {},
  inputs: { a: f32(2, -3), b: f32(5, 7) },
  ...more,
});

/** The tensors of a bundle of what is given. */
function tensorsOf(of: Given): Readonly<Record<string, HostTensors>> {
  const { tensors } = readParityBundle(bundleOfGiven(of, recordOf(of.op.name)) as Uint8Array);
  return Object.fromEntries(
    Object.entries(tensors).map(([group, stored]) => [
      group,
      Object.fromEntries(
        Object.entries(stored).map(([name, one]) => [name, toHostTensor(one as never)]),
      ),
    ]),
  );
}

const { inputs } = given();

test('a case forward has its outputs, and who computed them', () => {
  const file = bundleOfGiven(given(), recordOf('mul')) as Uint8Array;
  expect(readParityBundle(file)).toMatchObject({
    op: 'mul',
    params: {},
    producer: 'gradproof float64 oracle',
    device: 'cpu',
    note: 'drawn from a seed',
  });
  expect(tensorsOf(given())).toEqual({
    inputs,
    gradsIn: {},
    outputs: { y: f32(10, -21) },
    gradsOut: {},
  });
});

test('a case backward has the gradients of its inputs, and no outputs', () => {
  const grads = { y: f32(1, 10) };
  expect(tensorsOf(given({ grads }))).toEqual({
    inputs,
    gradsIn: grads,
    outputs: {},
    gradsOut: { a: f32(5, 70), b: f32(2, -30) },
  });
});

test('what the shapes of outputs tell is no parameter of the bundle', () => {
  const params = { name: 'constant', base_lr: 0.5, warmup: 2, steps: 3, num_cycles: 0.5 };
  const rates = given({ op: lrSchedule, params, inputs: {} });
  const { outputs } = tensorsOf(rates);
  expect(outputs?.['lr']).toEqual(f32(0, 0.25, 0.5));
});

test('a tensor of no elements is in a bundle', () => {
  const empty = given({ inputs: { a: f32(), b: f32() } });
  expect(tensorsOf(empty)).toMatchObject({ inputs: { a: f32() }, outputs: { y: f32() } });
});

test('what a bundle cannot say has none: too many dimensions, an op not in the vocabulary', () => {
  const many = hostTensorFrom('f32', [1, 1, 1, 1, 1, 1, 1, 1, 1], [2]);
  expect(bundleOfGiven(given({ inputs: { a: many, b: many } }), recordOf('mul'))).toBeUndefined();
  const sum = given({ op: accumulateGrad });
  expect(bundleOfGiven(sum, recordOf('accumulate_grad'))).toBeUndefined();
});
