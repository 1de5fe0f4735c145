import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { referenceResults } from '../../backends/reference.ts';
import { vocabulary } from '../../formats/parity-bundle/vocabulary.ts';
import { paramsText } from '../../formats/parity-bundle/write.ts';
import { readParityBundle } from '../../formats/parity-bundle.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { Results } from '../../graph/call.ts';
import { judge } from '../../reference/judge.ts';
import type { OpRecord, Sample, Value, Values } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import { valuesOfHosts } from '../../reference/values.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type HostTensors, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { formatShape } from '../../tensor/shape.ts';
import { KnownShapes } from '../../vocabulary/known-shapes.ts';
import { signatureOf } from '../../vocabulary/registry.ts';
import { fitAll, valuesOfStored } from './fit.ts';
import { Oracle } from './oracle.ts';
import { fitParams, recordableParams } from './params.ts';
import { ANY_ORDER, acceptanceOfRecorded } from './recorded.ts';

/** A sample of a record as a bundle that a flawless float32 producer would have recorded. */
function bundleOf(op: OpRecord, sample: Sample<object>): Uint8Array<ArrayBuffer> {
  const random = new Random(1);
  const inputs = pointingInside(op, sample.inputs(random), sample.params);
  const differentiable = (vocabulary.get(op.name)?.gradients ?? []).length > 0;
  const grads = differentiable ? sample.grads?.(random) : undefined;
  const outputs = op.forward(valuesOfHosts(inputs), sample.params);
  const gradients =
    grads && op.vjp ? op.vjp(valuesOfHosts(inputs), sample.params, valuesOfHosts(grads)) : {};
  const known = Object.keys(vocabulary.get(op.name)?.outputs ?? {});
  const tensors = {
    ...prefixed('in.', inputs),
    ...prefixed('in.grad.', grads ?? {}),
    ...prefixed('out.', rounded(pick(outputs, known), typesOf(op, sample.params, inputs))),
    ...prefixed('out.grad.', rounded(pick(gradients, vocabulary.get(op.name)?.gradients ?? []))),
  };
  return writeSafetensors(tensors, {
    schema: 'parity-bundle/1',
    op: op.name,
    params: paramsText(recordableParams(op, sample.params)),
    producer: 'oracle 1',
  });
}

/**
 * Some samples point outside of their table, which a kernel cannot refuse and a bundle may not: the
 * nearest row is meant.
 */
function pointingInside(op: OpRecord, inputs: HostTensors, given: object): HostTensors {
  const { inputs: rules, defaults } = signatureOf(op.name);
  const shapes = new KnownShapes({ ...defaults, ...given }, inputs);
  for (const [name, rule] of Object.entries(rules)) {
    const tensor = inputs[name];
    if (tensor) shapes.check(rule, tensor.shape);
  }
  return Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => {
      const range = rules[name]?.range?.(shapes.known);
      if (!range) return [name, tensor];
      const { low, high, also } = range;
      const inside = (i: number) => (i === also ? i : Math.min(Math.max(i, low), high));
      return [name, hostTensorFrom('i32', tensor.shape, Array.from(tensor.data, inside))];
    }),
  );
}

const prefixed = (prefix: string, tensors: HostTensors): HostTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));

const pick = (values: Values, names: readonly string[]): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

function rounded(values: Values, types: (name: string) => DType = () => 'f32'): HostTensors {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [
      name,
      hostTensorFrom(types(name), shape, data),
    ]),
  );
}

/** Element types of codes of less than a byte. */
const CODES: Readonly<Record<string, DType>> = { int4: 'i8', uint4: 'u8' };

/** Element types of outputs: those that codes have by a parameter or a zero point, or the op's. */
function typesOf(
  op: OpRecord,
  params: { readonly dtype?: string },
  inputs: HostTensors,
): (name: string) => DType {
  const codes = CODES[params.dtype ?? ''] ?? inputs['zero_point']?.dtype;
  const { outputs } = referenceResults({ op: signatureOf(op.name), params, inputs });
  return (name) => {
    const known = op.outputs[name]?.dtypes.find((dtype) => dtype === codes);
    return known ?? outputs[name]?.dtype ?? 'f32';
  };
}

/** Every tensor that the oracle does not accept of a bundle. */
function deviationsOf(
  op: OpRecord,
  file: Uint8Array,
  change: (produced: Results<Value>) => Results<Value> = (produced) => produced,
): string[] {
  const { params: stored, tensors } = readParityBundle(file);
  const params = fitParams(op, stored, tensors.outputs);
  const inputs = fitAll(tensors.inputs, op.inputs);
  const grads = fitAll(tensors.gradsIn, op.outputs);
  const oracle = new Oracle({
    op: signatureOf(op.name),
    params,
    inputs: valuesOfStored(tensors.inputs, inputs),
    grads: valuesOfStored(tensors.gradsIn, grads),
  });
  const produced = change({
    outputs: valuesOfStored(tensors.outputs, {}),
    gradients: valuesOfStored(tensors.gradsOut, {}),
  });
  return oracle
    .questions(produced, { arithmetic: ANY_ORDER, level: 'legal' })
    .flatMap(({ name, isGradient, actual, truth, acceptance, unjudged }) => {
      const dtype = (isGradient ? tensors.gradsOut : tensors.outputs)[name]?.dtype ?? 'F32';
      return judge(actual, truth, acceptanceOfRecorded(acceptance, dtype, truth), unjudged).ok
        ? []
        : [name];
    });
}

const known = [...records.values()].filter(({ name }) => vocabulary.has(name));

test('every op that a bundle names exists', () => {
  expect(known.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['matmul', 'lora_linear', 'quantize_4bit', 'optimizer_steps']),
  );
});

describe.each(known.map((op) => ({ name: op.name, op })))('$name', ({ op }) => {
  // A bundle holds no default of nested_rounding; host tensors hold no float64.
  const filled = op.samples.filter(
    ({
      params,
    }: {
      params: { to?: string; compress_statistics?: boolean; nested_rounding?: string };
    }) => {
      const { to, compress_statistics, nested_rounding } = params;
      return to !== 'float64' && !(compress_statistics && nested_rounding === undefined);
    },
  );
  const samples = filled.map((sample, i) => ({
    sample,
    title: `${i} ${Object.values(sample.label).map(String).join(' ')}`,
  }));

  test.each(samples)(
    'the right result is a valid bundle and does not deviate: $title',
    ({ sample }) => {
      expect(deviationsOf(op, bundleOf(op, sample))).toEqual([]);
    },
  );

  test('a tensor whose elements are all wrong deviates', () => {
    const file = bundleOf(
      op,
      filled.find(({ level }) => level === 'legal') ?? (filled[0] as Sample<object>),
    );
    const wrong = (value: Value): Value => ({
      ...value,
      data: value.data.map((x) => -2 * x - 3e3),
    });
    for (const name of Object.keys(readParityBundle(file).tensors.outputs)) {
      const broken = (produced: Results<Value>) => ({
        ...produced,
        outputs: { ...produced.outputs, [name]: wrong(produced.outputs[name] as Value) },
      });
      expect(
        deviationsOf(op, file, broken),
        `${name} of ${formatShape(readParityBundle(file).tensors.outputs[name]?.shape ?? [])}`,
      ).toContain(name);
    }
  });
});

describe('a call of small integers', () => {
  const value = (...data: readonly number[]): Value => ({
    shape: [data.length],
    data: Float64Array.from(data),
  });
  const inputs = { a: value(2048), b: value(1) };
  const oracle = new Oracle({ op: signatureOf('add'), params: {}, inputs });
  const isRight = (y: number, dtype: DType): boolean => {
    const produced = { outputs: { y: { ...value(y), dtype } }, gradients: {} };
    const demand = { arithmetic: ANY_ORDER, level: 'exact' } as const;
    const [question] = oracle.questions(produced, demand);
    if (!question) throw new Error('nothing is asked');
    return judge(question.actual, question.truth, question.acceptance, question.unjudged).ok;
  };

  test('demands equality', () => {
    expect([2049, 2049.0002].map((y) => isRight(y, 'f32'))).toEqual([true, false]);
  });

  test('allows for the rounding of a half that cannot hold the sum, and no more', () => {
    expect([2048, 2050, 2052].map((y) => isRight(y, 'f16'))).toEqual([true, true, false]);
  });
});

describe('what an oracle asks', () => {
  const value = (...data: readonly number[]): Value => ({
    shape: [data.length],
    data: Float64Array.from(data),
  });
  const legal = { arithmetic: ANY_ORDER, level: 'legal' } as const;
  const product = (a: Value, b: Value, grads?: Value) =>
    new Oracle({
      op: signatureOf('mul'),
      params: {},
      inputs: { a, b },
      ...(grads ? { grads: { y: grads } } : {}),
    });
  const outputs = (y: Value) => ({ outputs: { y }, gradients: {} });

  test('is of outputs, then of gradients, of those that are there', () => {
    const oracle = product(value(2), value(3), value(10));
    const asked = oracle.questions(
      { outputs: { y: value(6) }, gradients: { b: value(20), a: value(30) } },
      legal,
    );
    expect(asked.map(({ name, isGradient, truth }) => [name, isGradient, truth.data[0]])).toEqual([
      ['y', false, 6],
      ['a', true, 30],
      ['b', true, 20],
    ]);
    expect(asked.map(({ basis }) => basis)).toEqual(new Array(3).fill('the float64 oracle gives'));
    expect(oracle.questions({ outputs: {}, gradients: {} }, legal)).toEqual([]);
    expect(product(value(2), value(3)).questions(outputs(value(6)), legal)).toHaveLength(1);
    const unknown = () => oracle.questions({ outputs: {}, gradients: { c: value(1) } }, legal);
    expect(unknown()).toEqual([]);
  });

  test('leaves out what depends on a NaN, is beyond float32, or has passed it on the way', () => {
    const masked = (a: readonly number[], b: readonly number[]) => {
      const [question] = product(value(...a), value(...b)).questions(outputs(value(...a)), legal);
      return [...(question?.unjudged ?? [])];
    };
    expect(masked([1, Number.NaN, 3], [1, 2, Number.POSITIVE_INFINITY])).toEqual([0, 1, 1]);
    // A bound of an ulp of y says that terms were of its size; 2^16 times that may not overflow.
    expect(masked([2 ** 60, 2 ** 60, -(2 ** 60)], [2 ** 50, 2 ** 52, 2 ** 52])).toEqual([0, 1, 1]);
    expect(masked([2 ** 100], [2 ** 28])).toEqual([1]);
    const sums = new Oracle({
      op: signatureOf('gather'),
      params: { axis: 0 },
      inputs: { x: value(1e38, 1), indices: value(0, 1) },
    });
    const [copied] = sums.questions(outputs(value(1e38, 1)), legal);
    expect([...(copied?.unjudged ?? [])]).toEqual([0, 0]);
  });

  test('leaves out nothing that is copied and a float, the largest one included', () => {
    const largest = 2 ** 128 - 2 ** 104;
    const copies = new Oracle({
      op: signatureOf('gather'),
      params: { axis: 0 },
      inputs: { x: value(largest, -largest, 2 ** 128), indices: value(0, 1, 2) },
    });
    const [copied] = copies.questions(outputs(value(0, 0, 0)), legal);
    expect([...(copied?.unjudged ?? [])]).toEqual([0, 0, 1]);
  });

  test('is computed once for each direction that is asked about', () => {
    onTestFinished(() => void vi.restoreAllMocks());
    const record = records.get('mul') as OpRecord;
    const forward = vi.spyOn(record, 'forward');
    const vjp = vi.spyOn(record, 'vjp');
    const calls = () => [forward.mock.calls.length, vjp.mock.calls.length];
    const oracle = product(value(2), value(3), value(10));
    oracle.questions({ outputs: {}, gradients: { a: value(30) } }, legal);
    expect(calls()).toEqual([0, 1]);
    for (let i = 0; i < 2; i++) oracle.questions(outputs(value(6)), legal);
    oracle.questions({ outputs: {}, gradients: { b: value(20) } }, legal);
    expect(calls()).toEqual([1, 1]);
  });

  test('is refused of what the record knows, and this call does not give', () => {
    const row = { shape: [1, 1], data: Float64Array.of(1) };
    const plain = new Oracle({
      op: signatureOf('lora_linear'),
      params: { r: 1, alpha: 1 },
      inputs: { x: row, weight: row, lora_A: row, lora_B: row },
    });
    expect(() => plain.questions({ outputs: { norm: value(1) }, gradients: {} }, legal)).toThrow(
      'the record says nothing of norm',
    );
  });

  test('is of a tensor with a number by the rule of all of them', () => {
    const oracle = new Oracle({
      op: signatureOf('clip_grad_norm'),
      params: { max_norm: 1 },
      inputs: { g0: value(3), g1: value(4) },
    });
    const produced = { g1: value(0.8), norm: value(5), g0: value(0.6) };
    const asked = oracle.questions({ outputs: produced, gradients: {} }, legal);
    expect(asked.map(({ name }) => name)).toEqual(['norm', 'g1', 'g0']);
  });

  test('of a step of a trajectory is what the step before gives', () => {
    const steps = new Oracle({
      op: signatureOf('optimizer_steps'),
      params: { optimizer: 'sgd', lr: 1 },
      inputs: { param: value(10), grads: { shape: [2, 1], data: Float64Array.of(1, 2) } },
    });
    const trajectory = { shape: [2, 1], data: Float64Array.of(9.5, 7.5) };
    const [question] = steps.questions({ outputs: { trajectory }, gradients: {} }, legal);
    expect(question?.basis).toBe('its own step before gives');
    expect([...(question?.truth.data ?? [])]).toEqual([9, 7.5]);
  });

  test('of a dequantized weight is what codes and scales of the same party give', () => {
    const quantizer = new Oracle({
      op: signatureOf('ternary_quantize'),
      params: {},
      inputs: { weight: value(1, -1, 0.01, 1) },
    });
    const produced = {
      trits: value(1, -1, 0, 1),
      scale: value(0.5),
      dequant: value(0.5, -0.5, 0, 7),
    };
    const asked = quantizer.questions({ outputs: produced, gradients: {} }, legal);
    const dequant = asked.find(({ name }) => name === 'dequant');
    expect(dequant?.basis).toBe('its own codes and scales give');
    expect([...(dequant?.truth.data ?? [])]).toEqual([0.5, -0.5, 0, 0.5]);
    // Codes come before what they decode to.
    expect(asked.map(({ name }) => name).at(-1)).toBe('dequant');
  });
});
