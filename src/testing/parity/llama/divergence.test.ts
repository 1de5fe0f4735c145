import { expect, test } from 'vitest';
import { readTrainLlama } from '../../../formats/parity-bundle/train-llama.ts';
import type { Application } from '../../../graph/call.ts';
import { layerValues } from '../../../reference/llama/layer-values.ts';
import { type LlamaRan, llamaRun } from '../../../reference/llama/run.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { add } from '../../../vocabulary/math/add.ts';
import { silu } from '../../../vocabulary/nn/silu.ts';
import { CaseContext } from '../../context.ts';
import { firstDivergence } from './divergence.ts';
import { recorded, STEPS } from './fixtures/tiny-run.ts';
import { startOf } from './start.ts';

const { params, tensors } = recorded({
  losses: { shape: [STEPS], data: new Float64Array(STEPS) },
});
const run = startOf(readTrainLlama(params), tensors.inputs);
const truth = await llamaRun(run);
const layers = await layerValues(run);

const tensor = (shape: readonly number[], data: Iterable<number>) => {
  const host = hostTensorFrom('f32', shape, Float64Array.from(data));
  return { ...host, read: async () => host } as unknown as Tensor;
};
/** The activation of the gate, right for what goes in, of a gate that is right, or not. */
function activation(layer: string, factor: number): Application<Tensor> {
  const right = layers.find((one) => one.layer === layer && one.op === 'silu')?.value;
  const gate = layers.find((one) => one.layer === 'model.layers.0.mlp.gate_proj')?.value;
  if (!right || !gate) throw new TypeError(layer);
  const x = gate.data.map((value) => Math.fround(value * factor));
  const y = x.map((value) => value / (1 + Math.exp(-value)));
  return {
    ...{ layer, op: silu, variant: 'elementwise', params: {} },
    ...{ inputs: { x: tensor(gate.shape, x) }, outputs: { y: tensor(right.shape, y) } },
  };
}
const sum = (y: number): Application<Tensor> => ({
  ...{ layer: 'residual', op: add, variant: 'elementwise', params: {} },
  inputs: { a: tensor([1], [2]), b: tensor([1], [3]) },
  outputs: { y: tensor([1], [y]) },
});

/** Where a run strays at step 3 whose steps show these. */
async function where(shown: (step: number) => readonly Application<Tensor>[]): Promise<string> {
  const t = new CaseContext({ gpu: {}, ieee: false, seed: 1, injects: [] } as never);
  return await firstDivergence(t, run, 3, async (_, of, judge): Promise<LlamaRan> => {
    expect(of.input_ids.shape[0]).toBe(3);
    for (let step = 1; step <= 3; step++) await judge(step, shown(step));
    return truth;
  });
}

test('an op that is out of its bound is named, of the step and the one before', async () => {
  const at = (wrong: number) => where((step) => [sum(step === wrong ? 6 : 5)]);
  expect(await at(2)).toMatch(
    /^the first op out of its bound is that of step 2, layer residual, add/,
  );
  expect(await at(3)).toContain('step 3, layer residual, add');
  expect(await at(1)).toBe('each op of steps 2 and 3 is right, and each layer of step 1');
});

test('where each op is right, the first layer is named that is put together wrong', async () => {
  const name = 'model.layers.0.mlp.act_fn';
  expect(await where(() => [activation(name, 1)])).toContain('and each layer of step 1');
  expect(await where(() => [sum(5), activation(name, 2)])).toBe(
    `each op is right, and step 1, layer ${name}, silu is the first whose result is not that of the run in float64: what goes into it is wrong`,
  );
});
