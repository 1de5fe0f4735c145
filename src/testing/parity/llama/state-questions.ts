import type { StoredTensors } from '../../../formats/parity-bundle/check.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import {
  namesOfStep,
  type OneStep,
  oneStep,
  rootOf,
  runFrom,
} from '../../../reference/llama/one-step.ts';
import type { LlamaRan } from '../../../reference/llama/run.ts';
import type { Acceptance, Value, Values } from '../../../reference/record.ts';
import { limitsOf } from '../../../reference/step/spread.ts';
import type { StepState } from '../../../reference/step/state.ts';
import { single } from '../../../reference/values.ts';
import { valuesOfStored } from '../fit.ts';
import type { Question } from '../oracle.ts';
import { outputName } from './names.ts';
import { overflowedAlone } from './own-overflow.ts';
import type { StartedRun } from './start.ts';
import { statesOf } from './states.ts';

/** A step whose state before it was recorded. */
export interface JudgedState {
  /** Counts from 1. */
  readonly step: number;
  /** The run of that step alone, from there. */
  readonly run: StartedRun;
  /** What is asked of what was recorded. */
  readonly questions: readonly Question[];
  /** What is expected of ours. */
  readonly expect: (ran: LlamaRan) => readonly Expected[];
}

/** A value of a party, and when it is right. */
interface Expected {
  readonly label: string;
  readonly actual: Value;
  readonly truth: Value;
  readonly acceptance: Acceptance;
  readonly unjudged: Uint8Array;
}

/**
 * Every step whose state was recorded: loss and norm, and parameters and state after it where the
 * state of the next step was recorded, or the outcome after the last. The state before the first is
 * where the run begins. Throws FormatError for states that do not fit.
 */
export async function judgedStates(
  params: TrainLlamaParams,
  run: StartedRun,
  outputs: StoredTensors,
): Promise<readonly JudgedState[]> {
  const states = statesOf(params, run, outputs);
  const recorded = valuesOfStored(outputs, {});
  const judged: JudgedState[] = [];
  for (const [step, from] of states) {
    const one = runFrom(run, step, from);
    const truth = await oneStep(one);
    const theirs = recordedAfter(step, params.steps, states, recorded);
    judged.push({
      step,
      run: one,
      questions: [
        ...(step === 1 ? beginning(run, from) : []),
        ...(overflowedAlone(one, theirs, truth.truth)
          ? leftAsItWas(step, truth, theirs, from)
          : expectedOf(step, truth, theirs, from)
        ).map(questionOf),
      ],
      expect: (ran) => expectedOf(step, truth, namesOfStep(ran), from),
    });
  }
  return judged;
}

/** What a recording has of a step, by the names of {@link OneStep}. */
function recordedAfter(
  step: number,
  last: number,
  states: ReadonlyMap<number, StepState>,
  recorded: Values,
): Values {
  const of = (curve: string) => recorded[curve]?.data[step - 1];
  const loss = of('losses');
  const norm = of('grad_norms');
  const next = states.get(step + 1);
  const outcome = Object.entries(recorded).flatMap(([label, value]) => {
    const name = outputName(label);
    const is = step === last && name.startsWith('final.');
    return is ? [[name.slice('final.'.length), value] as const] : [];
  });
  const {
    loss: _,
    norm: __,
    ...after
  } = namesOfStep({
    losses: single(0),
    final: next?.trained ?? Object.fromEntries(outcome),
    kept: next?.kept ?? {},
  } as LlamaRan);
  return {
    ...(loss === undefined ? {} : { loss: single(loss) }),
    ...(norm === undefined ? {} : { norm: single(norm) }),
    ...after,
  };
}

/** What of a party's step is judged: what it has, and how far a parameter is off as a whole. */
function expectedOf(
  step: number,
  { truth, acceptances, roots }: OneStep,
  theirs: Values,
  { trained }: StepState,
): readonly Expected[] {
  const at = (what: string) => `${what}, step ${step} from its state,`;
  return Object.entries(theirs).flatMap(([name, actual]) => {
    const expected = truth[name];
    const acceptance = acceptances[name];
    if (!expected || !acceptance) return [];
    // A step that was left out has no norm.
    const unjudged = Uint8Array.from(expected.data, (x) => Number(!Number.isFinite(x)));
    const own = { label: at(name), actual, truth: expected, acceptance, unjudged };
    const parameter = name.startsWith('param ') ? name.slice('param '.length) : '';
    const root = roots[parameter];
    if (root === undefined || !trained[parameter]) return [own];
    const together: Expected = {
      label: at(`the root mean square of what ${name} is off`),
      actual: single(rootOf(actual.data, expected.data)),
      truth: single(0),
      acceptance: { kind: 'within', bound: Float64Array.of(root) },
      unjudged: new Uint8Array(1),
    };
    return [own, together];
  });
}

/** What of a step is judged that the producer alone left out: its loss, and that all is as it was. */
function leftAsItWas(
  step: number,
  one: OneStep,
  { loss, norm: _, ...after }: Values,
  from: StepState,
): readonly Expected[] {
  const before = namesOfStep({ losses: single(0), final: from.trained, kept: from.kept });
  const same = Object.fromEntries(
    Object.keys(before).map((name): [string, Acceptance] => [name, { kind: 'exact' }]),
  );
  return [
    ...(loss ? expectedOf(step, one, { loss }, from) : []),
    ...expectedOf(step, { truth: before, acceptances: same, roots: {} }, after, from),
  ];
}

/** The state before the first step: parameters as the run has them, and nothing kept. */
function beginning({ trained }: StartedRun, from: StepState): readonly Question[] {
  const asked = (label: string, actual: Value, truth: Value): Question =>
    questionOf({
      label: `${label}, before the first step,`,
      actual,
      truth,
      // Magnitudes that are not given are lengths of rows, which PEFT takes in float32.
      acceptance: limitsOf({ [label]: truth })[label] as Acceptance,
      unjudged: new Uint8Array(truth.data.length),
    });
  return Object.entries(trained).map(([name, value]) =>
    asked(`param ${name}`, from.trained[name] as Value, value),
  );
}

function questionOf({ label, ...asked }: Expected): Question {
  return { ...asked, name: label, isGradient: false, basis: 'the step in float64 gives' };
}
