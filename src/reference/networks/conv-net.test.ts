import { describe, expect, test } from 'vitest';
import { checkGraph } from '../../graph/check.ts';
import { callsOf } from '../../graph/graph.ts';
import { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Value, Values } from '../record.ts';
import { referenceRunner } from '../runner.ts';
import { gradientsOf } from '../step/gradients.ts';
import { typesOf } from './author.ts';
import { convNetGraph, freshStatistics } from './conv-net.ts';

const BATCH = [2, 1, 2, 4];
const random = new Random(0);
const filled = (x: number, ...shape: Shape): Value => ({
  shape,
  data: new Float64Array(sizeOf(shape)).fill(x),
});
const drawn = (...shape: Shape): Value => ({
  shape,
  data: random.fill(sizeOf(shape), () => random.normal()),
});

/** A first convolution that gives its input, so that its statistics are those of x. */
const identity: Value = {
  shape: [1, 1, 3, 3],
  data: Float64Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0),
};
const weights: Values = {
  'conv1.weight': identity,
  'bn1.weight': filled(1, 1),
  'bn1.bias': filled(0, 1),
  'conv2.weight': drawn(2, 1, 3, 3),
  'bn2.weight': filled(1, 2),
  'bn2.bias': filled(0, 2),
  'fc.weight': drawn(2, 2),
  'fc.bias': filled(0, 2),
};
const graph = convNetGraph(typesOf(weights), BATCH);
const labels: Value = { shape: [2], data: Float64Array.of(0, 1) };
/** Half ones, half threes: mean 2, variance 1, and 16 / 15 without bias. */
const x: Value = {
  shape: BATCH,
  data: Float64Array.from({ length: 16 }, (_, i) => 1 + 2 * (i % 2)),
};

describe('the graph of convolutions', () => {
  test('is as its signatures allow', () => {
    expect(() => checkGraph(graph)).not.toThrow();
  });

  test('has the running statistics of its norms, not what weights may hold of them', () => {
    const stale = { 'bn1.running_mean': filled(7, 5), 'bn2.running_var': filled(7, 5) };
    const { constants, values } = convNetGraph(typesOf({ ...weights, ...stale }), BATCH);
    const shapes = ['bn1.running_mean', 'bn2.running_var'].map(
      (name) => values[constants[name] as number]?.shape,
    );
    expect(shapes).toEqual([[1], [2]]);
  });

  test('keeps the size, takes the maximum of four and the mean of all', () => {
    const paramsOf = (op: string) =>
      callsOf(graph).flatMap((call) => (call.op.name === op ? [call.params] : []));
    const whole = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
    expect(paramsOf('conv2d')).toEqual([whole, whole]);
    const torch = { eps: 1e-5, momentum: 0.1, running_var_unbiased: true, training: true };
    expect(paramsOf('batch_norm')).toEqual([torch, torch]);
    expect(paramsOf('max_pool2d')).toEqual([
      { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], dilation: [1, 1] },
    ]);
    expect(paramsOf('reduce_mean')).toEqual([{ axes: [2, 3], keepdims: false }]);
    const pooled = callsOf(graph).find(({ layer }) => layer === 'maxpool');
    expect(Object.values(pooled?.outputs ?? {}).map((id) => graph.values[id]?.shape)).toEqual([
      [2, 1, 1, 2],
    ]);
  });

  test('begins with means of 0 and variances of 1 of each channel', () => {
    expect(freshStatistics(weights)).toEqual({
      'bn1.running_mean': filled(0, 1),
      'bn1.running_var': filled(1, 1),
      'bn2.running_mean': filled(0, 2),
      'bn2.running_var': filled(1, 2),
    });
  });

  test('moves running statistics by a tenth, micro-batch by micro-batch', async () => {
    const before = freshStatistics(weights);
    // What moves goes before a constant of its name.
    const { statistics } = await gradientsOf(
      { graph, constants: { 'bn1.running_mean': filled(9, 1) } },
      weights,
      [
        { x, labels },
        { x, labels },
      ],
      { scale: 1, position: 0, statistics: before },
      referenceRunner,
    );
    expect(Object.keys(statistics)).toEqual(Object.keys(before));
    expect(statistics['bn1.running_mean']?.data[0]).toBeCloseTo(0.9 * 0.2 + 0.2, 6);
    const once = 0.9 + 0.1 * (16 / 15);
    expect(statistics['bn1.running_var']?.data[0]).toBeCloseTo(0.9 * once + 0.1 * (16 / 15), 6);
    expect(before['bn1.running_mean']?.data[0]).toBe(0);
  });
});
