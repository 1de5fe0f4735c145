import {
  blockUntilReady,
  jit,
  type numpy as np,
  type OwnedFunction,
  tree,
  valueAndGrad,
} from '@jax-js/jax';
import type { PreparedWork } from '../../src/bench/contender.ts';
import type { StepOf, StepWork } from '../../src/bench/work.ts';
import { InvariantError } from '../../src/errors.ts';
import { mapped, type Results } from '../../src/graph/call.ts';
import { type HostTensor, type HostTensors, hostTensor } from '../../src/tensor/host.ts';
import { stepTensors } from '../contender/step-tensors.ts';
import type { Device } from './device.ts';
import { llamaLoss } from './models/llama.ts';
import { mlpLoss } from './models/mlp.ts';
import { resnetLoss } from './models/resnet18.ts';
import { transformerLoss } from './models/transformer.ts';
import type { Arrays } from './op.ts';
import { optimizerOf, type State } from './optimizer.ts';

/** Steps whose losses are compared. */
const COMPARED = 3;

type Stepped = { trained: Arrays; state: State; loss: np.Array };
type Compiled = OwnedFunction<
  (trained: Arrays, state: State, frozen: Arrays, given: Arrays) => Stepped
>;

/** A training step, compiled as one function with its optimizer. */
export class PreparedStep implements PreparedWork {
  readonly #device: Device;
  readonly #compiled: Compiled;
  readonly #frozen: Arrays;
  readonly #given: Arrays;
  #trained: Arrays;
  #state: State;
  #steps = 0;

  constructor(device: Device, work: StepWork) {
    const { trained, frozen, given } = stepTensors(work);
    const upload = (tensors: HostTensors): Arrays =>
      mapped(tensors, (host) => device.upload(host)) as Arrays;
    this.#device = device;
    this.#trained = upload(trained);
    this.#frozen = upload(frozen);
    this.#given = upload(given);
    this.#state = optimizerOf(work.step).start(this.#trained);
    this.#compiled = jit(compute(work.step));
  }

  async run(times: number): Promise<void> {
    for (let i = 0; i < times; i++) this.#device.submit({ loss: this.#train() });
    await this.#device.finish();
  }

  /** As its own examples have it: each step is waited for. */
  async runDocumented(times: number): Promise<void> {
    for (let i = 0; i < times; i++) (await blockUntilReady(this.#train())).dispose();
  }

  /** The losses of the first steps. Throws InvariantError once others were made. */
  async results(): Promise<Results<HostTensor>> {
    if (this.#steps > 0)
      throw new InvariantError(`${this.#steps} steps were made before the losses were asked for`);
    const losses = new Float32Array(COMPARED);
    for (let i = 0; i < COMPARED; i++)
      losses.set((await this.#device.read(await blockUntilReady(this.#train()))).data, i);
    await this.#device.settle();
    return { outputs: { loss: hostTensor('f32', [COMPARED], losses) }, gradients: {} };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const arrays of [this.#trained, this.#state, this.#frozen, this.#given])
      tree.dispose(arrays);
    this.#compiled.dispose();
    await this.#device.settle();
  }

  /** The loss before the step, which tells when it is done: all of it is one program. */
  #train(): np.Array {
    this.#steps++;
    const next = this.#compiled(
      this.#trained,
      this.#state,
      tree.ref(this.#frozen),
      tree.ref(this.#given),
    ) as Stepped;
    this.#trained = next.trained;
    this.#state = next.state;
    return next.loss;
  }
}

/** The function that is compiled. */
function compute(step: StepOf) {
  const { update } = optimizerOf(step);
  return function stepped(trained: Arrays, state: State, frozen: Arrays, given: Arrays): Stepped {
    const lossOf = (weights: Arrays) => lossOfModel(step, { ...frozen, ...weights }, given);
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(trained)) as [np.Array, Arrays];
    const [next, nextState] = update(trained, gradients, state);
    tree.dispose([frozen, given]);
    return { trained: next, state: nextState, loss };
  };
}

function lossOfModel(step: StepOf, weights: Arrays, given: Arrays): np.Array {
  switch (step.model) {
    case 'mlp':
      return mlpLoss(weights, given);
    case 'transformer':
      return transformerLoss(weights, given, step);
    case 'resnet18':
      return resnetLoss(weights, given);
    case 'llama-lora':
      return llamaLoss(weights, given, step);
  }
}
