import { defaultDevice, init, numpy as np, tree } from '@jax-js/jax';
import { expect, test } from 'vitest';
import { StepOracle } from '../../src/bench/steps/oracle.ts';
import { hostTensor } from '../../src/tensor/host.ts';
import { judgeSamples } from '../contender/fixtures/sample-works.ts';
import { smallSteps } from '../contender/fixtures/small-steps.ts';
import { inverse, permuted } from '../contender/permuted.ts';
import { JaxContender } from './contender.ts';
import type { Device } from './device.ts';
import { FUNCTION } from './ops/attention.ts';
import { ops } from './ops.ts';

await init('wasm');
defaultDevice('wasm');

/** The back end for the host, which is done when its arrays are read. */
const device: Device = {
  upload: (given, order) => {
    const { dtype, shape, data } = order ? permuted(given, order) : given;
    return np.array(data as Float32Array<ArrayBuffer>, {
      shape: [...shape],
      dtype: dtype === 'f32' ? np.float32 : np.int32,
    });
  },
  read: async (array, order) => {
    const shape = array.shape.length === 0 ? [1] : array.shape;
    const data = (await array.data()) as Float32Array | Int32Array;
    const host = hostTensor(data instanceof Int32Array ? 'i32' : 'f32', shape, data);
    return order ? permuted(host, inverse(order)) : host;
  },
  submit: (arrays) => tree.dispose(arrays),
  finish: async () => {},
  settle: async () => {},
};

const contender = new JaxContender({ ...device, dispose: () => {} });

/** Of these, and of logarithms on the host, its kernels are coarser than right roundings. */
const COARSER = ['erf', 'gelu', 'log', 'log_softmax', 'logsumexp', 'pow'];
/** Which of two equal elements takes the gradient is its own choice. */
const TIES = ['maximum', 'minimum'];
/** Its own function of attention needs iterators with `map`, which Node 20 has not. */
const tries = (setting: string) => setting !== FUNCTION || 'Iterator' in globalThis;

const judgedOps = [...ops.keys()].filter((op) => !COARSER.includes(op));

test.each(judgedOps)('%s is what the oracle computes', async (op) => {
  const { right, wrong } = await judgeSamples(contender, op, { tries });
  expect(wrong).toEqual([]);
  expect(right).toBeGreaterThan(0);
});

test.each(judgedOps.filter((op) => !TIES.includes(op)))('so are gradients of %s', async (op) => {
  expect((await judgeSamples(contender, op, { backward: true, tries })).wrong).toEqual([]);
});

test.each(smallSteps)('the losses of $id are those of the float64 run', async (work) => {
  await using prepared = await contender.prepare(work, 'jit');
  const results = await prepared.results();
  const { compared } = await new StepOracle(work).judge(results);
  expect(compared).toBe(3);
  await prepared.run(2);
  await expect(prepared.results()).rejects.toThrow('5 steps were made before');
});
