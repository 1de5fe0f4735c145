import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { expect, test } from 'vitest';
import { StepOracle } from '../../src/bench/steps/oracle.ts';
import { hostTensor } from '../../src/tensor/host.ts';
import { judgeSamples } from '../contender/fixtures/sample-works.ts';
import { smallSteps } from '../contender/fixtures/small-steps.ts';
import { inverse, permuted } from '../contender/permuted.ts';
import { TfContender } from './contender.ts';
import type { Device } from './device.ts';
import { ops } from './ops.ts';

await tf.setBackend('cpu');

/** The back end for the host, which is done when it returns. */
const device: Device = {
  bytes: 0,
  configure: () => {},
  upload: (given, order) => {
    const { dtype, shape, data } = order ? permuted(given, order) : given;
    const type = dtype === 'f32' ? 'float32' : 'int32';
    return tf.tensor(data as Float32Array, [...shape], type);
  },
  read: async (tensor, order) => {
    const shape = tensor.shape.length === 0 ? [1] : tensor.shape;
    const data = (await tensor.data()) as Float32Array | Int32Array;
    const host = hostTensor(data instanceof Int32Array ? 'i32' : 'f32', shape, data);
    return order ? permuted(host, inverse(order)) : host;
  },
  finish: async () => {},
  settle: async () => {},
};

const contender = new TfContender({ ...device, dispose: () => {} });

/** Of these its own kernels are coarser than any order of right roundings. */
const COARSER = ['erf', 'gelu'];

/** Which of two equal elements takes the gradient is its own choice. */
const TIES = ['maximum', 'minimum'];

/** Sums over the rows of a table take minutes on the host. */
const SLOW = ['embedding'];

const judgedOps = [...ops.keys()].filter((op) => !COARSER.includes(op));

test.each(judgedOps)('%s is what the oracle computes, and leaves no tensor', async (op) => {
  const { numTensors } = tf.memory();
  const { right, wrong } = await judgeSamples(contender, op);
  expect(wrong).toEqual([]);
  expect(right).toBeGreaterThan(0);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test.each(judgedOps.filter((op) => ![...TIES, ...SLOW].includes(op)))(
  'so are gradients of %s',
  async (op) => {
    const { numTensors } = tf.memory();
    expect((await judgeSamples(contender, op, { backward: true })).wrong).toEqual([]);
    expect(tf.memory().numTensors).toBe(numTensors);
  },
);

test.each(smallSteps)('the losses of $id are those of the float64 run', async (work) => {
  const { numTensors } = tf.memory();
  const prepared = await contender.prepare(work, 'default');
  const { compared } = await new StepOracle(work).judge(await prepared.results());
  expect(compared).toBe(3);
  await prepared.run(2);
  await expect(prepared.results()).rejects.toThrow('5 steps were made before');
  await prepared[Symbol.asyncDispose]();
  expect(tf.memory().numTensors).toBe(numTensors);
});
