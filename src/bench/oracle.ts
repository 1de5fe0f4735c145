import { InvariantError } from '../errors.ts';
import type { Call, Results } from '../graph/call.ts';
import { gamma, maxAbs } from '../reference/bounds.ts';
import { type Accuracy, judge } from '../reference/judge.ts';
import type { Acceptance, Acceptances, OpRecord, Value, Values } from '../reference/record.ts';
import { recordOf } from '../reference/registry.ts';
import { acceptancesOf, expectedAs, expectedOf, truthOf } from '../reference/truth.ts';
import { valuesOfHosts } from '../reference/values.ts';
import { type HostTensor, valuesOf } from '../tensor/host.ts';
import { formatShape, matrixOf, sameShape } from '../tensor/shape.ts';
import { AssertionError } from '../testing/context.ts';
import { ANY_ORDER } from '../testing/parity/recorded.ts';
import type { Coarser } from './contender.ts';
import type { Pause } from './pause.ts';

/** What a party's results were found to be. */
export interface Verdict {
  /** Elements that were compared. */
  readonly compared: number;
  /** Of the worst tensor; undefined where nothing has a bound. */
  readonly accuracy: Accuracy | undefined;
}

/** One direction of a call with what it should give, by any party, computed when it is asked. */
class Direction {
  readonly call: Call<Value>;
  #truth: Values | undefined;
  #acceptances: Acceptances | undefined;

  constructor(call: Call<Value>) {
    this.call = call;
  }

  get truth(): Values {
    this.#truth ??= truthOf(this.call);
    return this.#truth;
  }

  get acceptances(): Acceptances {
    this.#acceptances ??= acceptancesOf(this.call, this.truth, ANY_ORDER);
    return this.#acceptances;
  }
}

/**
 * The float64 truth about a call and how far a party may be off that adds up in any order: one
 * bound for all, computed once. Our own kernels, whose order is known, are held to less elsewhere.
 */
export class CallOracle {
  readonly #directions: readonly Direction[];

  constructor({ inputs, grads, ...rest }: Call<HostTensor>) {
    const forward = { ...rest, inputs: valuesOfHosts(inputs) };
    const both = grads ? [forward, { ...forward, grads: valuesOfHosts(grads) }] : [forward];
    this.#directions = both.map((call) => new Direction(call));
  }

  /** Computes what it judges by, which {@link judge} does else, with a pause before each part. */
  async learn(pause: Pause): Promise<void> {
    for (const direction of this.#directions)
      for (const part of ['truth', 'acceptances'] as const) {
        await pause();
        direction[part];
      }
  }

  /**
   * Judges every element that a party gave. Throws AssertionError for the first that is wrong, and
   * for an output or a wanted gradient that is not there.
   */
  judge(results: Results<HostTensor>, coarser?: Coarser): Verdict {
    const given = {
      outputs: valuesOfHosts(results.outputs),
      gradients: valuesOfHosts(results.gradients),
    };
    return worstVerdict(this.#directions.map((direction) => judged(direction, given, coarser)));
  }
}

/** Outputs that must be there: all that the signature has always, and wanted gradients. */
function neededOf({ call: { op, grads, wants, inputs }, truth }: Direction): readonly string[] {
  if (grads) return wants ?? op.gradients.filter((name) => inputs[name]);
  const always = Object.entries(op.outputs).flatMap(([name, { optional, when }]) =>
    optional || when ? [] : [name],
  );
  return always.filter((name) => truth[name]);
}

function judged(
  direction: Direction,
  results: Results<Value>,
  coarser: Coarser | undefined,
): Verdict {
  const { call, truth, acceptances } = direction;
  const record = recordOf(call.op.name);
  const given = call.grads ? results.gradients : results.outputs;
  const direct = call.grads ? 'gradient of ' : '';
  const missing = neededOf(direction).find((name) => !given[name]);
  if (missing !== undefined)
    throw new AssertionError('missing-output', `${direct}${missing} was not computed`);
  // What a party chose, and each step of a trajectory from its own step before, has another truth.
  const { forwardFrom, forwardChosen, vjpChosen } = record;
  const expected = (call.grads ? vjpChosen : (forwardFrom ?? forwardChosen))
    ? expectedOf(call, results, { arithmetic: ANY_ORDER, level: 'legal' }, truth)
    : { truth, acceptances, specs: specsOf(record, call), isFromOwn: false };
  return worstVerdict(
    Object.entries(given).flatMap(([name, actual]) => {
      const oracle = expectedAs(expected, name, actual.dtype);
      // A launcher saves more than the op gives.
      if (!oracle) return [];
      const acceptance = coarser ? widened(oracle.acceptance, call, coarser) : oracle.acceptance;
      return [judgedTensor(`${direct}${name}`, actual, oracle.truth, acceptance)];
    }),
  );
}

const specsOf = ({ inputs, outputs }: OpRecord, { grads }: Call<Value>) =>
  grads ? inputs : outputs;

function judgedTensor(what: string, actual: Value, truth: Value, acceptance: Acceptance): Verdict {
  if (!sameShape(actual.shape, truth.shape))
    throw new AssertionError(
      'wrong-shape',
      `${what} has shape ${formatShape(actual.shape)} and should have ${formatShape(truth.shape)}`,
    );
  const { ok, wrong, compared, firstWrong, accuracy } = judge(actual, truth, acceptance);
  if (ok) return { compared, accuracy };
  const { index = [], actual: got, expected } = firstWrong ?? {};
  throw new AssertionError(
    acceptance.kind === 'within' ? 'out-of-bound' : 'not-equal',
    `${what}[${index.join(', ')}] is ${got ?? 'not finite'} and should be ${expected ?? 'not finite'}; ${wrong} of ${compared} elements are wrong`,
    firstWrong,
  );
}

/**
 * The bound of an output whose numbers may be off by `absolute`, or of a product whose first operand
 * may be off: each number by `relative` of the largest of its row, which moves a sum by no more than
 * that times the sum of the other operand's magnitudes. The bound of rows that are as large as that
 * everywhere is gamma times that sum, or a little more.
 */
function widened(acceptance: Acceptance, call: Call<Value>, coarser: Coarser): Acceptance {
  if (acceptance.kind !== 'within') return acceptance;
  if ('absolute' in coarser) {
    // Of gradients nothing is documented.
    if (call.grads) return acceptance;
    return { ...acceptance, bound: acceptance.bound.map((x) => x + coarser.absolute) };
  }
  const [first] = Object.keys(call.inputs) as [string];
  const rows = call.inputs[first] as Value;
  const [count, width] = matrixOf(rows.shape);
  const largest = new Float64Array(rows.data.length);
  for (let row = 0; row < count; row++) {
    const start = row * width;
    const end = (row + 1) * width;
    largest.fill(maxAbs(rows.data.subarray(start, end)), start, end);
  }
  const level = { ...call, inputs: { ...call.inputs, [first]: { ...rows, data: largest } } };
  const [name] = Object.keys(call.op.outputs) as [string];
  const most = acceptancesOf(level, truthOf(level), ANY_ORDER)[name];
  if (most?.kind !== 'within')
    throw new InvariantError(`${call.op.name} has no bound to be widened`);
  const share = coarser.relative / gamma(ANY_ORDER.depth(width));
  return {
    ...acceptance,
    bound: acceptance.bound.map((x, i) => x + share * (most.bound[i] as number)),
  };
}

/** Of several verdicts the largest errors. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  const told = verdicts.flatMap(({ accuracy }) => accuracy ?? []);
  const most = (of: (one: Accuracy) => number | null) =>
    told.reduce((largest, one) => Math.max(largest, of(one) ?? 0), 0);
  const accuracy = {
    maxAbs: most(({ maxAbs }) => maxAbs),
    maxRel: most(({ maxRel }) => maxRel),
    maxUlp: most(({ maxUlp }) => maxUlp),
    boundUsed: most(({ boundUsed }) => boundUsed),
    typicalUsed: null,
  };
  return {
    compared: verdicts.reduce((sum, { compared }) => sum + compared, 0),
    accuracy: told.length > 0 ? accuracy : undefined,
  };
}

/** An output, such as the losses of the first steps, beside that of the float64 run. */
export function judgeOutput(
  name: string,
  given: HostTensor | undefined,
  truth: Value,
  bound: Float64Array,
): Verdict {
  if (!given) throw new AssertionError('missing-output', `${name} was not computed`);
  const actual = { shape: given.shape, data: valuesOf(given) };
  return judgedTensor(name, actual, truth, { kind: 'within', bound });
}
