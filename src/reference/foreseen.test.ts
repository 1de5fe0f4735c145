import { describe, expect, test } from 'vitest';
import { sizeOf } from '../tensor/shape.ts';
import { drawSample } from './drawn.ts';
import type { Foreseen, Range, Steps } from './foreseen.ts';
import type { Acceptance, Arithmetic, OpRecord, Sample, Value, Values } from './record.ts';
import { records } from './registry.ts';

/** Larger samples only repeat what small ones show. */
const MOST_ELEMENTS = 3000;
const ANY_ORDER: Arithmetic = { depth: (terms) => terms + 2, ieee: false, otherFormulas: true };

const point = (x: number): Range => ({ low: x, high: x });
const at = ({ low }: Range): number => low;
/** Steps that are not rounded: what a formula means. Of either of two both are one. */
const UNROUNDED: Steps = {
  stored: (x) => point((x.low + x.high) / 2),
  exactly: point,
  add: (a, b) => point(at(a) + at(b)),
  sub: (a, b) => point(at(a) - at(b)),
  mul: (a, b) => point(at(a) * at(b)),
  div: (a, b) => point(at(a) / at(b)),
  neg: (x) => point(-at(x)),
  root: (x) => point(Math.sqrt((x.low + x.high) / 2)),
  exp: (x) => point(Math.exp(at(x))),
  log: (x) => point(Math.log(at(x))),
  pow: (a, b) => point(at(a) ** at(b)),
  ascending: (x, f) => point(f(at(x))),
  sum: (terms) => point(terms.reduce((total, x) => total + at(x), 0)),
  either: (a, b) => {
    expect(Math.abs(at(a) - at(b))).toBeLessThanOrEqual(1e-6 * Math.abs(at(a)));
    return a;
  },
};

type Foreseens = Readonly<Record<string, readonly Foreseen[]>>;

/** Which formulas of a tensor give, unrounded, what the record gives. */
function truths(formulas: readonly Foreseen[], truth: Value, acceptance: Acceptance): boolean[] {
  if (acceptance.kind !== 'within') throw new TypeError('no bound');
  return formulas.map(
    (formula) =>
      formula.length === truth.data.length &&
      formula.every((range, i) => {
        // Of several right results the nearest is meant.
        const right = acceptance.nearest?.(i, at(range)) ?? (truth.data[i] as number);
        const off = Math.abs(at(range) - right);
        return off <= (acceptance.bound[i] as number);
      }),
  );
}

/** What all formulas give of a sample, by direction. */
function foreseenOf(record: OpRecord, sample: Sample<object>) {
  const { inputs, grads } = drawSample(sample);
  const all = [...Object.values(inputs), ...Object.values(grads ?? {})];
  if (all.some(({ shape }) => sizeOf(shape) > MOST_ELEMENTS)) return [];
  const outputs = record.forward(inputs, sample.params);
  const forward = {
    foreseen: record.foreseen?.(UNROUNDED, inputs, sample.params, undefined, outputs) ?? {},
    truth: outputs,
    acceptances: record.acceptance(inputs, outputs, sample.params, ANY_ORDER),
  };
  if (!grads || !record.vjp || !record.vjpAcceptance) return [forward];
  const gradients = record.vjp(inputs, sample.params, grads);
  const backward = {
    foreseen: record.foreseen?.(UNROUNDED, inputs, sample.params, grads) ?? {},
    truth: gradients,
    acceptances: record.vjpAcceptance(inputs, gradients, sample.params, grads, ANY_ORDER),
  };
  return [forward, backward];
}

interface Direction {
  readonly foreseen: Foreseens;
  readonly truth: Values;
  readonly acceptances: Readonly<Record<string, Acceptance>>;
}

const named = ({ foreseen, truth, acceptances }: Direction) =>
  Object.entries(foreseen).flatMap(([name, formulas]) => {
    const value = truth[name];
    // Formulas may be of what the sample has not, as a weight.
    return value && formulas.length > 0
      ? [{ name, right: truths(formulas, value, acceptances[name] as Acceptance) }]
      : [];
  });

const foreseeing = [...records.values()].filter((record) => record.foreseen);

test('some records foresee libraries', () => expect(foreseeing.length).toBeGreaterThan(20));

describe.each(foreseeing.map((record) => [record.name, record] as const))(
  'formulas of %s',
  (_, record) => {
    const found = record.samples
      .filter(({ level }) => level === 'legal')
      .flatMap((sample) =>
        foreseenOf(record, sample).map((direction) => ({ sample, tensors: named(direction) })),
      );

    test('give what the record gives, at least one of a tensor in each sample', () => {
      for (const { sample, tensors } of found) {
        for (const { name, right } of tensors)
          expect(right, `${name} of ${JSON.stringify(sample.label)}`).toContain(true);
      }
    });

    test('give it, each in some sample', () => {
      const each = new Map<string, boolean[]>();
      for (const { tensors } of found) {
        for (const { name, right } of tensors) {
          const before = each.get(name) ?? [];
          each.set(
            name,
            right.map((is, i) => is || before[i] === true),
          );
        }
      }
      expect(each.size).toBeGreaterThan(0);
      for (const [name, right] of each) expect(right, name).not.toContain(false);
    });
  },
);
