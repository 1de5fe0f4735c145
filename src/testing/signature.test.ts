import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { Tape } from '../autograd/tape.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { launcher } from '../ops/launcher.ts';
import { productWith } from '../ops/matmul/matmul_quantized.ts';
import { format as nf4 } from '../quant/nf4/format.ts';
import { defineRecord, type RecordDefinition, type SampleOf } from '../reference/define.ts';
import { record as normRecord } from '../reference/nn/rms_norm.ts';
import type { Value } from '../reference/record.ts';
import type { Tensor } from '../tensor/tensor.ts';

import type { batchNorm } from '../vocabulary/nn/batch_norm.ts';
import { crossEntropy } from '../vocabulary/nn/cross_entropy.ts';
import { rmsNorm } from '../vocabulary/nn/rms_norm.ts';
import { float, none, size } from '../vocabulary/rules.ts';
import {
  acceptedTypes,
  completed,
  type GradOutputsOf,
  ruleOf,
  signature,
} from '../vocabulary/signature.ts';

const matmul = productWith(nf4);
const matmul4bit = matmul.signature;

/** Compiles; is never run. */
const typed = (_: () => unknown): void => {};
const gpu = {} as Gpu;
const tape = {} as Tape;
const x = {} as Tensor;
const value: Value = { shape: [1], data: Float64Array.of(0) };

describe('what a signature does not allow does not compile', () => {
  const variants = {};
  const inputs = { x, packed: x, absmax: x };
  const params = { quant_type: 'nf4', blocksize: 64, out_features: 1, in_features: 1 } as const;

  test('in a call of a launcher', () => {
    typed(() => matmul.forward(gpu, inputs, params).y);
    // @ts-expect-error a misspelt input
    typed(() => matmul.forward(gpu, { x, packed: x, absmx: x }, params));
    // @ts-expect-error a missing input
    typed(() => matmul.forward(gpu, { x, packed: x }, params));
    // @ts-expect-error a missing parameter
    typed(() => matmul.forward(gpu, inputs, { quant_type: 'nf4' }));
    // @ts-expect-error a misspelt parameter
    typed(() => matmul.forward(gpu, inputs, { ...params, transposed: true }));
    // @ts-expect-error an output that there is not
    typed(() => matmul.forward(gpu, inputs, params).z);
    const context = { inputs, outputs: { y: x }, params, wants: new Set<string>() };
    typed(() => matmul.backward(gpu, { ...context, grads: { y: x } }).x);
    // @ts-expect-error the gradient of an input that has none
    typed(() => matmul.backward(gpu, { ...context, grads: { y: x } }).packed);
    // @ts-expect-error a gradient that flows into no output
    typed(() => matmul.backward(gpu, { ...context, grads: { z: x } }));
    type GradOutputs = GradOutputsOf<typeof batchNorm, Tensor>;
    typed((): GradOutputs => ({ y: x }));
    // @ts-expect-error a gradient that flows into a detached output
    typed((): GradOutputs => ({ y: x, running_mean: x }));
    // @ts-expect-error no gradient that flows into the other one
    typed((): GradOutputs => ({}));
    // @ts-expect-error a gradient that flows into a detached output that may be absent
    typed((): GradOutputsOf<typeof crossEntropy, Tensor> => ({ loss: x, log_probs: x }));
  });

  test('in the definition of a launcher', () => {
    typed(() => launcher(matmul4bit, { variants, forward: () => ({ y: x }) }));
    // @ts-expect-error a missing output
    typed(() => launcher(matmul4bit, { variants, forward: () => ({}) }));
    // @ts-expect-error a misspelt parameter
    typed(() => launcher(matmul4bit, { variants, forward: (_, __, p) => ({ y: p.transposed }) }));
    // @ts-expect-error a misspelt input
    typed(() => launcher(matmul4bit, { variants, forward: (_, { weight }) => ({ y: weight }) }));
    const saves = ['kept', 'maybe?'] as const;
    typed(() => launcher(matmul4bit, { variants, saves, forward: () => ({ y: x, kept: x }) }));
    // @ts-expect-error nothing of what is always saved
    typed(() => launcher(matmul4bit, { variants, saves, forward: () => ({ y: x, maybe: x }) }));
    const forward = () => ({ y: x });
    // @ts-expect-error the gradient of an input that has none
    typed(() => launcher(matmul4bit, { variants, forward, backward: () => ({ packed: x }) }));
  });

  test('in a record', () => {
    const body = {
      summary: '',
      forward: () => ({ y: value }),
      acceptance: () => ({}),
      samples: [],
      faults: [],
      plausibleBugs: [],
    } satisfies RecordDefinition<typeof matmul4bit>;
    typed(() => defineRecord(matmul4bit, body));
    // @ts-expect-error a misspelt input
    typed(() => defineRecord(matmul4bit, { ...body, forward: ({ weight }) => ({ y: weight }) }));
    // @ts-expect-error a misspelt parameter
    typed(() => defineRecord(matmul4bit, { ...body, unsupported: (_, p) => `${p.transposed}` }));
    // @ts-expect-error the gradient of what has none
    typed(() => defineRecord(matmul4bit, { ...body, vjp: () => ({ packed: value }) }));
    const sample = { level: 'exact', label: {}, params } as const;
    // @ts-expect-error a sample without its inputs
    const samples: readonly SampleOf<typeof matmul4bit>[] = [{ ...sample, inputs: () => ({}) }];
    typed(() => samples);
    typed(() => normRecord.forward({ x: value, weight: value }, {}).y.data);
    // @ts-expect-error an output that there is not
    typed(() => normRecord.forward({ x: value, weight: value }, {}).z.data);
    // @ts-expect-error a misspelt parameter
    typed(() => normRecord.forward({ x: value, weight: value }, { axes: 0 }));
  });

  test('in a case', () => {
    typed(() => tape.apply(matmul, inputs, params, 'layer').y);
    // @ts-expect-error a misspelt input
    typed(() => tape.apply(matmul, { x, packed: x, absmx: x }, params, 'layer'));
    // @ts-expect-error a missing parameter
    typed(() => tape.apply(matmul, inputs, {}, 'layer'));
  });

  test('in a rule', () => {
    const op = { family: 'nn', name: 'planted' };
    const x = float('[*x]');
    typed(() => signature(op, none, { inputs: { x }, outputs: {}, gradients: ['x'] }));
    // @ts-expect-error the gradient of an input that there is not
    typed(() => signature(op, none, { inputs: { x }, outputs: {}, gradients: ['weight'] }));
    const axis = v.strictObject({ axis: size });
    typed(() => signature(op, axis, { inputs: { x: float((k) => [k.params.axis]) }, outputs: {} }));
    // @ts-expect-error a parameter that there is not
    typed(() => signature(op, axis, { inputs: { x: float((k) => [k.params.axes]) }, outputs: {} }));
  });
});

test('absent parameters have their defaults, given ones stay', () => {
  expect(completed(rmsNorm, {})).toEqual({ eps: 1e-5, axis: -1 });
  expect(completed(rmsNorm, { eps: 1e-6, axis: undefined })).toEqual({ eps: 1e-6, axis: -1 });
});

test('parameters of the launch alone have defaults too', () => {
  expect(completed(crossEntropy, { shift: true })).toMatchObject({ shift: true, log_probs: true });
});

test('halves are taken where float32 is computed, and nothing else but what is listed', () => {
  expect(acceptedTypes(float('[*x]'))).toEqual(['f32', 'f16', 'bf16']);
  expect(acceptedTypes({ native: ['u8'] })).toEqual(['u8']);
});

test('a rule is found by its name, or by the pattern that the name fits', () => {
  const rules = { 'x#': float<never>('[*x]'), 'base.*': float<never>('[*b]') };
  expect(ruleOf(rules, 'x12')).toBe(rules['x#']);
  expect(ruleOf(rules, 'base.0.weight')).toBe(rules['base.*']);
  expect([ruleOf(rules, 'x01'), ruleOf(rules, 'y')]).toEqual([undefined, undefined]);
});
