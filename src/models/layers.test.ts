import { describe, expect, test } from 'vitest';
import { FlatParameters } from '../autograd/flat-parameters.ts';
import { RandomState } from '../autograd/random-state.ts';
import { Tape } from '../autograd/tape.ts';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import type { Application } from '../graph/call.ts';
import { blockFormatOf } from '../quant/registry.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Layers } from './layers.ts';

const filled = (shape: readonly number[]) =>
  hostTensorFrom('f32', shape, new Array(sizeOf(shape)).fill(0));

describe('a linear', () => {
  test('takes a batch of rows of its width', async () => {
    const { gpu } = await hostGpu();
    using parameters = new FlatParameters(gpu, new Map([['fc.weight', filled([5, 7])]]));
    using tape = new Tape(gpu);
    const layers = new Layers(tape, parameters);
    const linear = (shape: readonly number[]) => {
      using x = Tensor.zeros(gpu, shape);
      return layers.linear('fc', x).shape;
    };
    expect(linear([2, 7])).toEqual([2, 5]);
    expect(linear([3, 2, 7])).toEqual([3, 2, 5]);
    expect(() => linear([7])).toThrow(
      'fc: expected [*,7], got [7]: add a batch dimension, as in [1,7]',
    );
    expect(() => linear([2, 6])).toThrow('fc: expected [*,7], got [2,6]');
  });

  test('of a weight of 4 bits adds its bias behind the product', async () => {
    const { gpu } = await hostGpu();
    using bias = Tensor.zeros(gpu, [5]);
    using packed = Tensor.empty(gpu, 'u8', [20, 1]);
    using absmax = Tensor.zeros(gpu, [1]);
    const weight = {
      format: blockFormatOf('nf4'),
      blocksize: 64,
      shape: [5, 8],
      parts: { packed, absmax },
    };
    const values = {
      names: ['fc.weight', 'fc.bias'],
      view: (name: string) => (name === 'fc.bias' ? bias : weight),
    };
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(gpu, [], { trace });
    using x = Tensor.zeros(gpu, [2, 8]);
    const layers = new Layers(tape, values);
    const y = layers.linear('fc', x);
    expect(trace.map(({ layer, op, params }) => [layer, op.name, params])).toEqual([
      ['fc', 'matmul_4bit', { quant_type: 'nf4', blocksize: 64, out_features: 5, in_features: 8 }],
      ['fc.bias', 'add', {}],
    ]);
    const [product, sum] = trace;
    expect(product?.inputs).toEqual({ x, packed, absmax });
    expect(sum?.inputs).toEqual({ a: product?.outputs['y'], b: bias });
    expect(sum?.outputs['y']).toBe(y);
    expect(layers.weight('fc').shape).toEqual([5, 8]);
    expect(trace.slice(2).map(({ layer, op }) => [layer, op.name])).toEqual([
      ['fc.dequantize', 'dequantize_4bit'],
    ]);
    const quantizedBias = new Layers(tape, { ...values, view: () => weight });
    expect(() => quantizedBias.bias('fc')).toThrow('fc.bias is quantized, and no weight');
  });
});

test('normalizations have the epsilon of torch, or that which is given', async () => {
  const { gpu } = await hostGpu();
  const shapes = new Map(['n.weight', 'n.bias'].map((name) => [name, filled([7])]));
  using parameters = new FlatParameters(gpu, shapes);
  using x = Tensor.zeros(gpu, [2, 7]);
  const epsilons = (eps?: number) => {
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(gpu, [], { trace });
    const layers = new Layers(tape, parameters, eps);
    layers.rmsNorm('n', x);
    layers.layerNorm('n', x);
    return trace.map(({ params }) => params);
  };
  expect(epsilons()).toEqual([{ eps: 1e-5 }, { eps: 1e-5 }]);
  expect(epsilons(0.5)).toEqual([{ eps: 0.5 }, { eps: 0.5 }]);
});

test('dropouts share no random numbers where four of them do not come out even', async () => {
  const { gpu } = await hostGpu();
  const values = { names: [], view: () => Tensor.zeros(gpu, [1]) };
  const trace: Application<Tensor>[] = [];
  using tape = new Tape(gpu, [], { trace, random: new RandomState(7) });
  const layers = new Layers(tape, values);
  // Six numbers take two counts of the generator, three take one.
  for (const size of [6, 3, 4]) {
    using x = Tensor.zeros(gpu, [size]);
    layers.dropout('drop', x, 0.5);
  }
  expect(trace.map(({ params }) => params)).toEqual(
    [0, 2, 3].map((offset) => ({ p: 0.5, seed: 7, offset })),
  );
});
