import { describe, expect, test } from 'vitest';
import { vocabulary } from '../../formats/parity-bundle/vocabulary.ts';
import { readParityBundle } from '../../formats/parity-bundle.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { OpRecord, Sample, Value, Values } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import { type HostTensors, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { formatShape } from '../../tensor/shape.ts';
import { judge } from '../judge.ts';
import { fitAll, valuesOfHosts, valuesOfStored } from './fit.ts';
import { Oracle, type Produced } from './oracle.ts';
import { ANY_ORDER, acceptanceOfRecorded } from './recorded.ts';

/** A sample of a record as a bundle that a flawless float32 producer would have recorded. */
function record(op: OpRecord, sample: Sample<never>): Uint8Array<ArrayBuffer> {
  const random = new Random(1);
  const inputs = pointingInside(op, sample.inputs(random), sample.params);
  const grads = sample.grads?.(random);
  const outputs = op.forward(valuesOfHosts(inputs), sample.params);
  const gradients = grads && op.vjp ? op.vjp(valuesOfHosts(inputs), sample.params, valuesOfHosts(grads)) : {};
  const known = Object.keys(vocabulary.get(op.name)?.outputs ?? {});
  const tensors = {
    ...prefixed('in.', inputs),
    ...prefixed('in.grad.', grads ?? {}),
    ...prefixed('out.', rounded(pick(outputs, known), op)),
    ...prefixed('out.grad.', rounded(pick(gradients, vocabulary.get(op.name)?.gradients ?? []), op)),
  };
  return writeSafetensors(tensors, { schema: 'parity-bundle/1', op: op.name, params: JSON.stringify(sample.params), producer: 'oracle 1' });
}

/** Some samples point outside of their table, which a kernel cannot refuse and a bundle may not: the nearest row is meant. */
function pointingInside(op: OpRecord, inputs: HostTensors, { ignore_index = -100 }: { readonly ignore_index?: number }): HostTensors {
  const [table, axis, name] = op.name === 'embedding' ? ['weight', 0, 'ids'] : ['logits', 1, 'labels'];
  const [rows, indices] = [inputs[table as string]?.shape[axis as number], inputs[name as string]];
  if (rows === undefined || !indices) return inputs;
  const inside = (i: number) => (i === ignore_index ? i : Math.min(Math.max(i, 0), rows - 1));
  return { ...inputs, [name as string]: hostTensorFrom('i32', indices.shape, Array.from(indices.data, inside)) };
}

const prefixed = (prefix: string, tensors: HostTensors): HostTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));

const pick = (values: Values, names: readonly string[]): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

function rounded(values: Values, op: OpRecord): HostTensors {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [name, hostTensorFrom(op.outputs[name]?.dtypes[0] ?? 'f32', shape, data)]),
  );
}

/** Every tensor that the oracle does not accept of a bundle. */
function accused(op: OpRecord, file: Uint8Array, change: (produced: Produced) => Produced = (produced) => produced): string[] {
  const { params, tensors } = readParityBundle(file);
  const [inputs, grads] = [fitAll(tensors.inputs, op.inputs), fitAll(tensors.gradsIn, op.outputs)];
  const oracle = new Oracle(op, params, valuesOfStored(tensors.inputs, inputs), valuesOfStored(tensors.gradsIn, grads));
  const produced = change({ outputs: valuesOfStored(tensors.outputs, {}), gradients: valuesOfStored(tensors.gradsOut, {}) });
  return oracle.questions(produced, ANY_ORDER).flatMap(({ name, isGradient, actual, truth, acceptance, unjudged }) => {
    const dtype = (isGradient ? tensors.gradsOut : tensors.outputs)[name]?.dtype ?? 'F32';
    return judge(actual, truth, acceptanceOfRecorded(acceptance, dtype, truth), unjudged).ok ? [] : [name];
  });
}

const known = [...records.values()].filter(({ name }) => vocabulary.has(name));

test('ops that bundles name are there', () => {
  expect(known.map(({ name }) => name)).toEqual(expect.arrayContaining(['matmul', 'lora_linear', 'quantize_4bit', 'optimizer_steps']));
});

describe.each(known.map((op) => ({ name: op.name, op })))('$name', ({ op }) => {
  const samples = op.samples.map((sample, i) => ({ sample, title: `${i} ${Object.values(sample.label).map(String).join(' ')}` }));

  test.each(samples)('what is right is a bundle of the vocabulary and not accused: $title', ({ sample }) => {
    expect(accused(op, record(op, sample))).toEqual([]);
  });

  test('a tensor of which every element is wrong is accused', () => {
    const file = record(op, op.samples.find(({ layer }) => layer === 'legal') ?? (op.samples[0] as Sample<never>));
    const wrong = (value: Value): Value => ({ ...value, data: value.data.map((x) => -2 * x - 3e3) });
    for (const name of Object.keys(readParityBundle(file).tensors.outputs)) {
      const broken = (produced: Produced) => ({
        ...produced,
        outputs: { ...produced.outputs, [name]: wrong(produced.outputs[name] as Value) },
      });
      expect(accused(op, file, broken), `${name} of ${formatShape(readParityBundle(file).tensors.outputs[name]?.shape ?? [])}`).toContain(
        name,
      );
    }
  });
});
