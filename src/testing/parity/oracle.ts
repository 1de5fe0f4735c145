import { InvariantError } from '../../errors.ts';
import type { Call, Results } from '../../graph/call.ts';
import { EPS, LARGEST } from '../../reference/bounds.ts';
import type { Foreseen } from '../../reference/foreseen.ts';
import type { Acceptance, TensorSpec, Value, Values } from '../../reference/record.ts';
import { recordOf } from '../../reference/registry.ts';
import { stepsIn } from '../../reference/steps.ts';
import { type Demand, expectedAs, expectedOf, truthOf } from '../../reference/truth.ts';
import { matchesName } from '../../vocabulary/signature.ts';
import { acceptanceOfLimit, definedOf, isZeroToo, withWholeRows } from './as-defined.ts';
import { dependentMasks, type Masks, withoutNonFinite } from './dependence.ts';
import { ownDequant } from './own-outputs.ts';

/** One tensor of a party beside what it should be. */
export interface Question {
  readonly name: string;
  readonly isGradient: boolean;
  readonly actual: Value;
  readonly truth: Value;
  readonly acceptance: Acceptance;
  /** 1 where no verdict is due. */
  readonly unjudged: Uint8Array;
  /** 1 for those of them that depend on an input that is not finite. Default none. */
  readonly dependent?: Uint8Array | undefined;
  /** What libraries' own formulas give in a half format, step by step: one for each that is known. */
  readonly foreseen?: (half: 'f16' | 'bf16') => readonly Foreseen[];
  /** Whether each element is judged from the party's own one before, as steps of an optimizer. */
  readonly isFromOwn?: boolean;
  /** Where the truth comes from, as in "the float64 oracle gives 2". */
  readonly basis: string;
}

/** One direction of a call, forward or backward. */
interface Direction {
  /** Its tensors are finite. */
  readonly call: Call<Value>;
  readonly truth: Values;
  readonly masks: Masks;
  /** Of recorded logits that are masked, what follows that is no finite number. */
  readonly defined: ReturnType<typeof definedOf>;
}

const LARGEST_DIVISOR = 2 ** 16;
const INFINITE = Number.POSITIVE_INFINITY;

/**
 * The float64 truth about one call, computed once, and what it asks of the results of parties that
 * made the call. No verdict is due on what depends on a number that is not finite.
 */
export class Oracle {
  readonly #call: Call<Value>;
  readonly #recorded: Call<Value> | undefined;
  #forward: Direction | undefined;
  #backward: Direction | undefined;

  /**
   * `recorded`: the call of a recording, whose masked logits `call` reads as the lowest number; then
   * what is no finite number by definition is asked for too.
   */
  constructor(call: Call<Value>, recorded?: Call<Value>) {
    this.#call = call;
    this.#recorded = recorded;
  }

  /**
   * What must hold of every tensor that is in `produced`. Of outputs `beside` these nothing is
   * asked; gradients may follow from them.
   */
  questions(
    { outputs, gradients }: Results<Value>,
    demand: Demand,
    beside: Values = outputs,
  ): readonly Question[] {
    const questions: Question[] = [];
    if (Object.keys(outputs).length > 0) {
      this.#forward ??= directionOf(forward(this.#call), this.#recorded && forward(this.#recorded));
      questions.push(...ask(this.#forward, { outputs, gradients }, demand));
    }
    if (Object.keys(gradients).length > 0) {
      this.#backward ??= directionOf(this.#call, this.#recorded);
      questions.push(...ask(this.#backward, { outputs: beside, gradients }, demand));
    }
    return questions;
  }
}

const forward = ({ grads: _, ...call }: Call<Value>): Call<Value> => call;

function directionOf(call: Call<Value>, recorded: Call<Value> | undefined): Direction {
  const party = recorded ? 'recorded' : 'ours';
  const finite = withoutNonFinite(call, party);
  const masks = dependentMasks(call, party);
  const direction = { call: finite, truth: truthOf(finite) };
  if (!recorded) return { ...direction, masks, defined: {} };
  const defined = definedOf(recorded, call, masks);
  return { ...direction, masks: withWholeRows(call, masks), defined };
}

function ask(
  { call, truth, masks, defined }: Direction,
  results: Results<Value>,
  demand: Demand,
): Question[] {
  const isGradient = call.grads !== undefined;
  const produced = isGradient ? results.gradients : results.outputs;
  const expected = expectedOf(call, results, demand, truth);
  const { isFromOwn } = expected;
  const basis = isFromOwn ? 'its own step before gives' : 'the float64 oracle gives';
  const dequant = isGradient
    ? undefined
    : ownDequant(call.op.name, call.inputs, produced, call.params);
  const copies = Object.values(call.op.inputs).some(({ ordered }) => ordered);
  return inOrder(produced, expected.specs).flatMap(([name, actual]) => {
    const oracle = expectedAs(expected, name, actual.dtype);
    if (!oracle)
      throw new InvariantError(
        `the record says nothing of ${isGradient ? 'the gradient of ' : ''}${name}`,
      );
    const inFloat32 = expected.acceptances[name] as Acceptance;
    const dependent = masks[name];
    const largest = copies ? INFINITE : LARGEST;
    const unjudged = withOverflow(dependent, oracle.truth, inFloat32, largest);
    const foreseen = (half: 'f16' | 'bf16') => foreseenBy(call, half, produced)[name] ?? [];
    const known = { name, isGradient, actual, unjudged, dependent, foreseen, isFromOwn, basis };
    const question = { ...known, ...oracle };
    const limits = defined[name];
    if (limits && limits.size > 0) {
      const open = { whole: dependent, orZero: isZeroToo(call) };
      return apart(question, limits, acceptanceOfLimit(limits, question, open));
    }
    return [name === 'dequant' ? { ...question, ...dequant } : question];
  });
}

/** The question without what is no finite number by definition, and one of that alone. */
function apart(
  question: Question,
  limits: ReadonlyMap<number, number>,
  acceptance: Acceptance,
): readonly Question[] {
  const { truth, unjudged, dependent } = question;
  const { foreseen: _, ...rest } = question;
  const withLimits = (mask: Uint8Array) => mask.map((mark, i) => (limits.has(i) ? 1 : mark));
  return [
    {
      ...question,
      unjudged: withLimits(unjudged),
      dependent: withLimits(dependent ?? new Uint8Array(unjudged.length)),
    },
    {
      ...rest,
      truth: { ...truth, data: truth.data.map((y, i) => limits.get(i) ?? y) },
      acceptance,
      unjudged: unjudged.map((_mark, i) => Number(!limits.has(i))),
      basis: 'with minus infinity as it stands its definition gives',
    },
  ];
}

/** By output or, where gradients flow, by input. */
function foreseenBy(call: Call<Value>, half: 'f16' | 'bf16', actual: Values) {
  const { op, params, inputs, grads } = call;
  return recordOf(op.name).foreseen?.(stepsIn(half), inputs, params, grads, actual) ?? {};
}

/**
 * The values in the record's order, where causes come before what follows from them: codes before
 * what they decode to.
 */
function inOrder(
  values: Values,
  specs: Readonly<Record<string, TensorSpec>>,
): readonly (readonly [name: string, value: Value])[] {
  return Object.keys(specs).flatMap((pattern) =>
    Object.entries(values).filter(([name]) => matchesName(pattern, name)),
  );
}

/**
 * Marks elements that are not finite, and those with an intermediate that may overflow: a bound of
 * eps times the size of the terms says how large they are, and a sum may be divided, as by a mean,
 * only after it was made. What is copied may be as large as `largest`.
 */
function withOverflow(
  mask: Uint8Array | undefined,
  truth: Value,
  acceptance: Acceptance,
  largest: number,
): Uint8Array {
  const isHeld =
    acceptance.kind === 'within'
      ? (x: number, i: number) =>
          Math.abs(x) + (LARGEST_DIVISOR * (acceptance.bound[i] as number)) / EPS <= LARGEST
      : (x: number) => Math.abs(x) <= largest;
  return Uint8Array.from(truth.data, (x, i) => Number(mask?.[i] === 1 || !isHeld(x, i)));
}
