import { InvariantError } from '../../errors.ts';
import type { Call, Results } from '../../graph/call.ts';
import { EPS, LARGEST } from '../../reference/bounds.ts';
import {
  type Acceptance,
  type Acceptances,
  type Arithmetic,
  type OpRecord,
  specOf,
  type TensorSpec,
  type Value,
  type Values,
} from '../../reference/record.ts';
import { recordOf } from '../../reference/runner.ts';
import { acceptanceOfStored } from '../../reference/stored.ts';
import { matchesName } from '../../vocabulary/signature.ts';
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
  /** Where the truth comes from, as in "the float64 oracle gives 2". */
  readonly basis: string;
}

/** What a record says of its inputs or outputs. */
type Specs = Readonly<Record<string, TensorSpec>>;

const LARGEST_DIVISOR = 2 ** 16;
const BASIS = 'the float64 oracle gives';
const OWN_STEP = 'its own step before gives';

/**
 * The float64 truth about one set of inputs, computed once, and what it asks of the results of a
 * computation with them.
 */
export class Oracle {
  readonly #record: OpRecord;
  readonly #params: object;
  readonly #inputs: Values;
  readonly #grads: Values;
  readonly #truth: Results<Value>;
  readonly #masks: { readonly outputs: Masks; readonly gradients: Masks };

  constructor({ op, params, inputs, grads = {} }: Call<Value>) {
    const record = recordOf(op.name);
    this.#record = record;
    this.#params = params;
    const forward = (values: Values) => record.forward(splitOff(values)[0], this.#params);
    const backward = (values: Values) => this.#vjp(...splitOff(values));
    const all = { ...inputs, ...prefixed(grads) };
    [this.#inputs, this.#grads] = splitOff(withoutNonFinite(all));
    this.#truth = {
      outputs: forward(this.#inputs),
      gradients: this.#vjp(this.#inputs, this.#grads),
    };
    this.#masks = {
      outputs: dependentMasks(inputs, forward),
      gradients: dependentMasks(all, backward),
    };
  }

  /** What must hold of every tensor that is in `produced`. */
  questions(produced: Results<Value>, arithmetic: Arithmetic): readonly Question[] {
    const { forwardFrom, acceptance, vjpAcceptance } = this.#record;
    const { gradients } = this.#truth;
    const own = forwardFrom?.(
      this.#inputs,
      { ...this.#truth.outputs, ...produced.outputs },
      this.#params,
    );
    const outputs = own ?? this.#truth.outputs;
    const ofOutputs = acceptance(this.#inputs, outputs, this.#params, arithmetic);
    const ofGradients =
      vjpAcceptance && Object.keys(gradients).length > 0
        ? vjpAcceptance(this.#inputs, gradients, this.#params, this.#grads, arithmetic)
        : {};
    const asked = [
      ...ask(
        inOrder(produced.outputs, this.#record.outputs),
        this.#record.outputs,
        outputs,
        ofOutputs,
        this.#masks.outputs,
        false,
      ),
      ...ask(
        inOrder(produced.gradients, this.#record.inputs),
        this.#record.inputs,
        gradients,
        ofGradients,
        this.#masks.gradients,
        true,
      ),
    ];
    const dequant = ownDequant(this.#record.name, this.#inputs, produced.outputs, this.#params);
    return asked.map((question) => {
      if (dequant && !question.isGradient && question.name === 'dequant')
        return { ...question, ...dequant };
      return own ? { ...question, basis: OWN_STEP } : question;
    });
  }

  #vjp(inputs: Values, grads: Values): Values {
    return this.#record.vjp && Object.keys(grads).length > 0
      ? this.#record.vjp(inputs, this.#params, grads)
      : {};
  }
}

/**
 * The values in the record's order, where causes come before what follows from them: codes before
 * what they decode to.
 */
function inOrder(values: Values, specs: Specs): Values {
  return Object.fromEntries(
    Object.keys(specs).flatMap((pattern) =>
      Object.entries(values).filter(([name]) => matchesName(pattern, name)),
    ),
  );
}

function ask(
  produced: Values,
  specs: Specs,
  truths: Values,
  acceptances: Acceptances,
  masks: Masks,
  isGradient: boolean,
): Question[] {
  return Object.entries(produced).map(([name, actual]) => {
    const truth = truths[name];
    const accepted = acceptances[name];
    if (!truth || !accepted)
      throw new InvariantError(
        `the record says nothing of ${isGradient ? 'the gradient of ' : ''}${name}`,
      );
    const unjudged = withOverflow(masks[name], truth, accepted);
    const acceptance = acceptanceOfStored(accepted, truth, actual.dtype, specOf(specs, name));
    return { name, isGradient, actual, truth, acceptance, unjudged, basis: BASIS };
  });
}

/**
 * Marks elements that are not finite, and those with an intermediate that may overflow: a bound of
 * eps times the size of the terms says how large they are, and a sum may be divided, as by a mean,
 * only after it was made.
 */
function withOverflow(
  mask: Uint8Array | undefined,
  truth: Value,
  acceptance: Acceptance,
): Uint8Array {
  const intermediate =
    acceptance.kind === 'within'
      ? (i: number) => (LARGEST_DIVISOR * (acceptance.bound[i] as number)) / EPS
      : () => 0;
  return Uint8Array.from(truth.data, (x, i) =>
    Number(mask?.[i] === 1 || !(Math.abs(x) + intermediate(i) <= LARGEST)),
  );
}

const GRAD = 'grad.';

function prefixed(grads: Values): Values {
  return Object.fromEntries(Object.entries(grads).map(([name, value]) => [GRAD + name, value]));
}

/** Inputs, and gradients that flow in under their own names. */
function splitOff(values: Values): [inputs: Values, grads: Values] {
  const entries = Object.entries(values);
  return [
    Object.fromEntries(entries.filter(([name]) => !name.startsWith(GRAD))),
    Object.fromEntries(
      entries.flatMap(([name, value]) =>
        name.startsWith(GRAD) ? [[name.slice(GRAD.length), value]] : [],
      ),
    ),
  ];
}
