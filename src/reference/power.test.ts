import { describe, expect, test } from 'vitest';
import { drawSample } from './drawn.ts';
import type { Acceptance, Acceptances, OpRecord, Sample, Value, Values, WrongValue } from './record.ts';
import { records } from './registry.ts';

/** How many bounds a wrong value must move some element by (docs: the power table). */
const POWER = 10;

/** No kernel adds deeper than one invocation that adds all terms in sequence: the loosest bound that a variant may claim. */
const ARITHMETIC = { depth: (terms: number) => terms, ieee: false };

describe.each([...records.values()].map((record) => [record.name, record] as const))('power of %s', (_, record) => {
  test('names wrong values', () => expect(record.wrongValues.length).toBeGreaterThan(0));

  test.each(record.wrongValues.map((wrong) => [wrong.name, wrong] as const))(`%s moves a result by ${POWER} bounds`, (_, wrong) => {
    let best = 0;
    for (const sample of record.samples) {
      best = Math.max(best, powerOf(record, sample, wrong));
      if (best >= POWER) break; // one sample is enough
    }
    expect(best).toBeGreaterThanOrEqual(POWER);
  });
});

/** The largest move of any output or gradient of the sample, in bounds. */
function powerOf(record: OpRecord, sample: Sample<never>, wrong: WrongValue<never>): number {
  const { inputs, grads } = drawSample(sample);
  const { params } = sample;
  const altered = wrong.apply(inputs, params);
  const outputs = record.forward(inputs, params);
  const forward = moves(outputs, record.forward(altered.inputs, altered.params), record.acceptance(inputs, outputs, params, ARITHMETIC));
  if (!grads || !record.vjp || !record.vjpAcceptance) return forward;
  const gradients = record.vjp(inputs, params, grads);
  const accepted = record.vjpAcceptance(inputs, gradients, params, grads, ARITHMETIC);
  return Math.max(forward, moves(gradients, record.vjp(altered.inputs, altered.params, grads), accepted));
}

function moves(right: Values, wrong: Values, acceptances: Acceptances): number {
  return Math.max(0, ...Object.entries(acceptances).map(([name, acceptance]) => moveOf(right[name], wrong[name], acceptance)));
}

/** Results of another size are not compared: a launcher would throw, which no bound has to catch. */
function moveOf(right: Value | undefined, wrong: Value | undefined, acceptance: Acceptance): number {
  let most = 0;
  if (!right || !wrong || right.data.length !== wrong.data.length) return most;
  for (let i = 0; i < right.data.length; i++) {
    const [truth, other] = [right.data[i] as number, wrong.data[i] as number];
    if (acceptance.kind === 'within') {
      const distance = Math.abs(other - truth);
      if (distance > 0) most = Math.max(most, distance / (acceptance.bound[i] as number));
    } else if (acceptance.kind === 'exact' ? other !== truth : !acceptance.accepts(i, other)) {
      return Number.POSITIVE_INFINITY;
    }
  }
  return most;
}
