import { describe, expect, test } from 'vitest';
import { Random } from '../tensor/random.ts';
import { signatures } from '../vocabulary/registry.ts';
import { ruleOf } from '../vocabulary/signature.ts';
import { drawSample } from './drawn.ts';
import type { OpRecord, Sample, Value, Values } from './record.ts';
import { records } from './registry.ts';

/**
 * Central differences in float64: with step h the truncation error is O(h^2) of the third
 * derivative and the rounding error 2^-53/h of the terms of the sum. Near h = 2^-17 both are about
 * 1e-10 of the terms; TRUNCATION leaves room for third derivatives.
 */
const STEP = 2 ** -17;
const TRUNCATION = 1e-7;
const ROUNDING = 2 ** -52 / STEP;

const differentiable = [...records.values()].filter((record) => record.vjp);

describe.each(differentiable.map((record) => [record.name, record] as const))(
  'VJP of %s',
  (_, record) => {
    const samples = record.samples.filter((sample) => sample.grads && sample.level === 'legal');

    test('has a legal sample with gradients', () => expect(samples.length).toBeGreaterThan(0));

    test('what it differentiates has the values of forward', () => {
      const { forward, forwardDetached } = record;
      for (const { params, inputs } of samples.map((sample) => ({
        ...sample,
        ...drawSample(sample),
      }))) {
        if (forwardDetached)
          expect(forwardDetached(inputs, params, inputs)).toEqual(forward(inputs, params));
      }
    });

    test('heeds the gradient of every output that is not detached', () => {
      const heeded = new Map<string, boolean>();
      for (const sample of samples) {
        const { inputs } = drawSample(sample);
        const outputs = record.forward(inputs, sample.params);
        const names = Object.keys(outputs).filter((name) => {
          const rule = ruleOf(signatures.get(record.name)?.outputs ?? {}, name);
          return rule?.native.includes('f32') && !rule.detached;
        });
        const filled = ({ shape, data }: Value, fill: (i: number) => number) => ({
          shape,
          data: Float64Array.from(data, (_, i) => fill(i)),
        });
        for (const name of names) {
          const grads = Object.fromEntries(
            names.map((each) => [
              each,
              filled(outputs[each] as Value, (i) => (each === name ? 1 + (i % 3) : 0)),
            ]),
          );
          const gradients = Object.values(record.vjp?.(inputs, sample.params, grads) ?? {});
          const flows = gradients.some(({ data }) => data.some((x) => x !== 0));
          heeded.set(name, flows || (heeded.get(name) ?? false));
        }
      }
      const ignored = [...heeded].flatMap(([name, heeds]) => (heeds ? [] : [name]));
      expect(ignored).toEqual([]);
      expect(heeded.size).toBeGreaterThan(0);
    });

    test.each(samples.map((sample) => [JSON.stringify(sample.label), sample] as const))(
      'is the derivative at %s',
      (_, sample) => {
        const { inputs, grads = {} } = drawSample(sample);
        const gradients = record.vjp?.(inputs, sample.params, grads) ?? {};
        for (const [name, gradient] of Object.entries(gradients)) {
          const { slope, terms } = slopeAlong(
            record,
            sample,
            inputs,
            grads,
            name,
            direction(gradient),
          );
          const claimed = dot(gradient.data, direction(gradient));
          const condition = dot(gradient.data.map(Math.abs), direction(gradient).map(Math.abs));
          expect(Math.abs(slope - claimed), `gradient of ${name}`).toBeLessThanOrEqual(
            TRUNCATION * condition + ROUNDING * terms,
          );
        }
      },
    );
  },
);

/** A direction in which no element is left out and no two elements stand for each other. */
function direction({ data }: Value): Float64Array {
  const random = new Random(1);
  return random.fill(data.length, () => (random.integer(0, 1) ? 1 : -1) * random.uniform(0.5, 1));
}

/**
 * The slope of sum(grads * outputs) when input `name` moves along `step`, and the sum of the terms'
 * sizes.
 */
function slopeAlong(
  record: OpRecord,
  sample: Sample<object>,
  inputs: Values,
  grads: Values,
  name: string,
  step: Float64Array,
) {
  const input = inputs[name] as Value;
  const at = (h: number) => {
    const moved = { ...input, data: input.data.map((x, i) => x + h * (step[i] as number)) };
    const { forward, forwardDetached = forward } = record;
    return forwardDetached({ ...inputs, [name]: moved }, sample.params, inputs);
  };
  const ahead = at(STEP);
  const behind = at(-STEP);
  let slope = 0;
  let terms = 0;
  for (const [output, grad] of Object.entries(grads)) {
    const after = (ahead[output] as Value).data;
    const before = (behind[output] as Value).data;
    slope +=
      dot(
        grad.data,
        after.map((y, i) => y - (before[i] as number)),
      ) /
      (2 * STEP);
    terms += dot(grad.data.map(Math.abs), after.map(Math.abs));
  }
  return { slope, terms };
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}
