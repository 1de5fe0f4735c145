import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Launcher } from '../ops/launcher.ts';
import { launchers } from '../ops/registry.ts';
import { Random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import { derivedWork } from './derived.ts';
import { drawnCall, drawnTensors } from './drawn.ts';
import { parameterShapes } from './steps/shapes.ts';
import type { OpWork, StepWork } from './work.ts';
import { works } from './works.ts';

const all = [...works.values()];
const ops = all.filter((work): work is OpWork => work.kind === 'op');
const steps = all.filter((work): work is StepWork => work.kind === 'step');

test('every op of the engine is timed', () => {
  const timed = new Set(ops.map(({ op }) => op));
  expect([...launchers.keys()].filter((op) => !timed.has(op))).toEqual([]);
});

describe('of an op that no work is written for', () => {
  const derived = (op: string) => derivedWork(launchers.get(op) as Launcher);

  test('elements are as many as a layer has', () => {
    const { id, bytes, call } = derived('gelu');
    expect(id).toBe('bench.gelu:f32;x=1024x1024');
    expect(bytes).toEqual({ read: 2 ** 22, written: 2 ** 22 });
    // Parameters of the last sample.
    expect(call(new Random(1)).params).toEqual({ approximate: 'tanh' });
  });

  test('other operands are those of the sample that reads most', () => {
    const { id, bytes, call } = derived('cumsum');
    const { inputs, params } = call(new Random(1));
    expect(inputs['x']?.shape).toEqual([2, 5000]);
    expect([bytes.read, params]).toEqual([40_000, { dim: 1 }]);
    expect(id).toMatch(/^bench\.cumsum:sample;/);
  });
});

test('ids are as reports need them, and begin with the op', () => {
  for (const { id } of all) expect(id).toMatch(/^bench\.[a-z0-9_-]+:[^\s;=]+(;[^\s;=]+=[^\s;]*)*$/);
  for (const { id, op } of ops) expect(id.split(':')[0]).toBe(`bench.${op}`);
});

test('every group has a work that is quick, but for what takes long', () => {
  const groups = new Set(all.filter(({ quick }) => quick).map(({ group }) => group));
  const without = [...new Set(all.map(({ group }) => group))].filter((group) => !groups.has(group));
  expect(without.sort()).toEqual([
    'attention',
    'checkpoints',
    'fine-tuning',
    'generation',
    'halves',
    'odd products',
    'ops',
    'products by format',
    'transposed products',
  ]);
});

test('the work in float32 that another is told beside is there, and is in float32', () => {
  const named = all.flatMap(({ id, inFloats }) => (inFloats === undefined ? [] : [[id, inFloats]]));
  expect(named.length).toBeGreaterThan(90);
  for (const [id, inFloats = ''] of named) {
    expect(works.get(inFloats)?.inFloats, id).toBeUndefined();
    expect(works.has(inFloats), `${inFloats} of ${id}`).toBe(true);
    expect(inFloats).toContain(':f32;');
  }
});

test('PyTorch is timed at the steps of fine-tuning, by their ids', () => {
  const file = new URL('../../bridge/src/gradproof_bridge/timing/steps.py', import.meta.url);
  const timed = readFileSync(file, 'utf8').match(/(?<=")bench\.[^"]+(?=":)/g);
  const ids = steps.filter(({ group }) => group === 'fine-tuning').map(({ id }) => id);
  expect(timed?.toSorted()).toEqual(ids.toSorted());
});

test('bytes are those of what is drawn, each once', () => {
  // A loss of labels reads one of each row.
  const { bytes } = ops.find(({ op }) => op === 'nll_loss') as OpWork;
  expect(bytes.read).toBe(1024 * (4 + 4));
  const small = ops.filter(({ op, bytes }) => op !== 'nll_loss' && bytes.read < 2 ** 18);
  expect(small.length).toBeGreaterThan(7);
  for (const work of small) {
    const { inputs, grads = {} } = drawnCall(work);
    const read = [...Object.values(inputs), ...Object.values(grads)].reduce(
      (sum, { data }) => sum + data.byteLength,
      0,
    );
    expect([work.id, work.bytes.read]).toEqual([work.id, read]);
  }
});

test('a work draws the same each time, and another nothing of it', () => {
  const [first, second] = ops.filter(({ op }) => op === 'matmul') as [OpWork, OpWork];
  expect(drawnCall(first)).toBe(drawnCall(first));
  const again = { ...first };
  expect(drawnCall(again)).not.toBe(drawnCall(first));
  expect(drawnCall(again).inputs).toEqual(drawnCall(first).inputs);
  expect(drawnCall(second).inputs['a']?.data.length).not.toBe(
    drawnCall(first).inputs['a']?.data.length,
  );
});

describe('what a step begins with', () => {
  const perceptron = steps.find(({ step }) => step.model === 'mlp') as StepWork;

  test('has every weight in its shape, inputs and labels', () => {
    const tensors = drawnTensors(perceptron);
    for (const [name, shape] of Object.entries(parameterShapes(perceptron.step)))
      expect([name, tensors[name]?.shape]).toEqual([name, shape]);
    expect(tensors['x']?.shape).toEqual([64, 784]);
    expect(tensors['labels']?.data.every((label) => label >= 0 && label < 10)).toBe(true);
  });

  test('has as many operations as its products', () => {
    expect(perceptron.flops).toBe(3 * 2 * 64 * (784 * 256 + 256 * 10));
    // torchvision counts 0.5558 GMACs of resnet18 at 32 x 32 with a first kernel of 3 x 3.
    const resnet = steps.find(({ step }) => step.model === 'resnet18') as StepWork;
    expect(resnet.flops / 3 / 2 / 2 / 1e9).toBeCloseTo(0.5558, 3);
  });

  test('of resnet18 is 11.17 million numbers', () => {
    const shapes = Object.values(parameterShapes({ model: 'resnet18', batch: 1, classes: 10 }));
    expect(shapes.reduce((sum, shape) => sum + sizeOf(shape), 0)).toBe(11_173_962);
  });
});
