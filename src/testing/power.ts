import { InvariantError } from '../errors.ts';
import { launchers } from '../ops/registry.ts';
import { depthOf } from '../ops/variants.ts';
import { drawSample } from '../reference/drawn.ts';
import type {
  Acceptance,
  Acceptances,
  Arithmetic,
  OpRecord,
  PlausibleBug,
  Sample,
  Value,
  Values,
} from '../reference/record.ts';

/**
 * Where a plausible bug shows most: the result and sample, and by how many bounds. Infinite where
 * no bound is granted.
 */
export interface Visibility {
  readonly sample: string;
  readonly result: string;
  readonly bounds: number;
}

/**
 * Samples of a record with their inputs, results and acceptances, computed once for all wrong
 * values. Integers have no bound to compare with.
 */
export class PowerTrial {
  readonly #record: OpRecord;
  readonly #samples: readonly Judged[];

  constructor(record: OpRecord) {
    this.#record = record;
    this.#samples = record.samples
      .filter(({ integers }) => !integers)
      .map((sample) => judgedOf(record, sample));
  }

  /**
   * The most visible effect of a plausible bug. Throws InvariantError when the record has no
   * samples.
   */
  visibility(wrong: PlausibleBug<object>): Visibility {
    const seen = this.#samples.flatMap((judged) => this.#moves(judged, wrong));
    const [first, ...rest] = seen;
    if (!first)
      throw new InvariantError(
        `${this.#record.name} has no results that "${wrong.name}" could change`,
      );
    return rest.reduce((most, other) => (other.bounds > most.bounds ? other : most), first);
  }

  #moves(
    { sample, inputs, grads, outputs, accepted, gradients, acceptedGradients }: Judged,
    wrong: PlausibleBug<object>,
  ): Visibility[] {
    const { forward, vjp } = this.#record;
    const altered = wrong.apply(inputs, sample.params);
    const seen = movesOf(sample, '', outputs, forward(altered.inputs, altered.params), accepted);
    if (!grads || !gradients || !acceptedGradients || !vjp) return seen;
    return [
      ...seen,
      ...movesOf(
        sample,
        'gradient of ',
        gradients,
        vjp(altered.inputs, altered.params, grads),
        acceptedGradients,
      ),
    ];
  }
}

interface Judged {
  readonly sample: Sample<object>;
  readonly inputs: Values;
  readonly grads: Values | undefined;
  readonly outputs: Values;
  readonly accepted: Acceptances;
  readonly gradients: Values | undefined;
  readonly acceptedGradients: Acceptances | undefined;
}

function judgedOf(record: OpRecord, sample: Sample<object>): Judged {
  const { inputs, grads } = drawSample(sample);
  const { params } = sample;
  const arithmetic = loosest(record, sample);
  const outputs = record.forward(inputs, params);
  const gradients = grads && record.vjp?.(inputs, params, grads);
  return {
    sample,
    inputs,
    grads,
    outputs,
    accepted: record.acceptance(inputs, outputs, params, arithmetic),
    gradients,
    acceptedGradients:
      grads && gradients && record.vjpAcceptance?.(inputs, gradients, params, grads, arithmetic),
  };
}

/** The widest bounds of the variants that run the sample. */
function loosest({ name }: OpRecord, sample: Sample<object>): Arithmetic {
  const variants = launchers.get(name)?.variants ?? {};
  const depths = (sample.variants ?? Object.keys(variants)).flatMap((variant) =>
    variants[variant] ? depthOf(variants[variant]) : [],
  );
  if (depths.length === 0) throw new InvariantError(`${name} has no variant for a sample`);
  return { depth: (terms) => Math.max(...depths.map((depth) => depth(terms))), ieee: false };
}

function movesOf(
  sample: Sample<object>,
  what: string,
  right: Values,
  wrong: Values,
  acceptances: Acceptances,
): Visibility[] {
  const label = Object.entries(sample.label).map(([key, value]) => `${key}=${value}`);
  return Object.entries(acceptances).map(([name, acceptance]) => ({
    sample: label.join(' ') || 'the only one',
    result: what + name,
    bounds: moveOf(right[name], wrong[name], acceptance),
  }));
}

/**
 * Results of another size are not compared: a launcher would throw, which no bound has to catch.
 */
function moveOf(
  right: Value | undefined,
  wrong: Value | undefined,
  acceptance: Acceptance,
): number {
  let most = 0;
  if (!right || !wrong || right.data.length !== wrong.data.length) return most;
  for (let i = 0; i < right.data.length; i++) {
    const truth = right.data[i] as number;
    const other = wrong.data[i] as number;
    if (acceptance.kind === 'within') {
      const distance = Math.abs(other - (acceptance.nearest?.(i, other) ?? truth));
      if (distance > 0) most = Math.max(most, distance / (acceptance.bound[i] as number));
    } else if (acceptance.kind === 'exact' ? other !== truth : !acceptance.accepts(i, other)) {
      return Number.POSITIVE_INFINITY;
    }
  }
  return most;
}
