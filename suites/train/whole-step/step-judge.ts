import type { FlatParameters } from '../../../src/autograd/flat-parameters.ts';
import { mapped } from '../../../src/graph/call.ts';
import { ruleOf } from '../../../src/reference/optim/optimizers.ts';
import type { Value, Values } from '../../../src/reference/record.ts';
import { namedState } from '../../../src/reference/step/expected.ts';
import { freshState, type StepState } from '../../../src/reference/step/state.ts';
import type { TrainingRun } from '../../../src/reference/training-run.ts';
import { type HostTensor, valuesOf } from '../../../src/tensor/host.ts';
import { sizeOf } from '../../../src/tensor/shape.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import type { StepGradients } from '../../../src/train/kept-gradients.ts';
import type { LoopState } from '../../../src/train/loop/training-loop.ts';
import {
  type Expectation,
  endExpectations,
  passesOf,
  spreadOfPasses,
  stepExpectations,
} from './expectations.ts';
import { runOf, type Setting } from './setting.ts';

/**
 * Holds each step of a run against the replica, from the state and the gradients that the device
 * had, and where the run ends against the replica by itself.
 */
export class StepJudge {
  readonly #t: CaseContext;
  readonly #setting: Setting;
  readonly #run: TrainingRun;
  readonly #layout: FlatParameters['layout'];
  #before: StepState;
  #position = 0;
  #step = 0;

  /** `start` is what the device holds before the first step. */
  constructor(t: CaseContext, setting: Setting, { layout }: FlatParameters, start: LoopState) {
    this.#t = t;
    this.#setting = setting;
    this.#run = runOf(setting, t.seed);
    this.#layout = layout;
    this.#before = this.#stateOf(start);
    const begun = namedState(this.#before);
    const { trained, statistics } = this.#run;
    const truth = namedState(freshState(this.#run, trained, statistics));
    const [held, asked] = [begun, truth].map((values) => Object.keys(values).sort().join());
    t.expect(held === asked, () => `the device trains ${held}, the replica ${asked}`);
    for (const [name, value] of Object.entries(truth))
      t.expectEqual(`before the first step: ${name}`, begun[name] as Value, value);
  }

  /** Judges the next step by the state that it left, its gradients and its loss. */
  async step(state: LoopState, gradients: StepGradients | undefined, loss: number): Promise<void> {
    const { products, overflows } = this.#setting;
    const run = this.#run;
    if (!gradients) throw new TypeError('the gradients of the step were not kept');
    const after = this.#stateOf(state);
    const start = {
      before: this.#before,
      parts: run.batches[this.#step] as readonly Values[],
      position: this.#position,
    };
    const seen = {
      given: this.#cut(gradients.given),
      taken: this.#cut(gradients.taken),
      norm: Number.isFinite(run.clip) ? hostValue(gradients.norm) : undefined,
      after,
      position: state.random,
      loss,
    };
    const step = ++this.#step;
    const passes = await passesOf(run, start);
    const { isSkipped, expectations } = await stepExpectations(run, start, seen, {
      passes,
      spread: () => spreadOfPasses(run, products, start),
    });
    this.#t.expect(
      isSkipped === (step === overflows),
      () => `step ${step} ${isSkipped ? 'overflows' : 'does not overflow'}`,
    );
    this.#expect(`step ${step}`, expectations);
    this.#before = after;
    this.#position = passes.position;
  }

  /** Judges where the last step ended. */
  async end(): Promise<void> {
    const { products } = this.#setting;
    this.#expect('run', await endExpectations(this.#run, products, this.#before));
  }

  #expect(where: string, expectations: readonly Expectation[]): void {
    for (const { name, actual, truth, acceptance } of expectations)
      this.#t.expectAccepted(`${where}: ${name}`, actual, truth, acceptance);
  }

  /** The parameters' parts of a flat tensor. */
  #cut(flat: HostTensor): Values {
    const values = valuesOf(flat);
    return mapped(Object.fromEntries(this.#layout.entries), ({ shape, offset }) => ({
      shape,
      data: values.subarray(offset, offset + sizeOf(shape)),
    }));
  }

  #stateOf({ step, tensors, statistics }: LoopState): StepState {
    const { optimizer, scaler } = this.#run;
    const cut = (name: string) => this.#cut(tensors[name] as HostTensor);
    const number = (name: string) => Number(tensors[name]?.data[0]);
    const { state } = ruleOf(optimizer);
    // Without a scaler every step is taken, and the host counts.
    const taken = scaler ? number('steps') : step;
    return {
      trained: cut('param'),
      kept: Object.fromEntries(state.map((name) => [name, cut(name)])),
      taken,
      scheduled: taken,
      scale: scaler ? number('scale') : 1,
      growth_tracker: scaler ? number('growth_tracker') : 0,
      statistics: mapped(statistics, hostValue),
    };
  }
}

function hostValue(host: HostTensor): Value {
  return { shape: host.shape, data: valuesOf(host) };
}
