import * as tf from '@tensorflow/tfjs-core';
import type { PreparedWork } from '../../src/bench/contender.ts';
import type { StepOf, StepWork } from '../../src/bench/work.ts';
import { InvariantError } from '../../src/errors.ts';
import { mapped, type Results } from '../../src/graph/call.ts';
import { type HostTensor, type HostTensors, hostTensor } from '../../src/tensor/host.ts';
import { stepTensors } from '../contender/step-tensors.ts';
import type { Device } from './device.ts';
import type { Weights } from './models/layers.ts';
import { llamaLoss } from './models/llama.ts';
import { mlpLoss } from './models/mlp.ts';
import { resnetLoss } from './models/resnet18.ts';
import { transformerLoss } from './models/transformer.ts';
import { type Optimizer, optimizerOf } from './optimizer.ts';

/** Steps whose losses are compared. */
const COMPARED = 3;

/** Images and kernels as the library's convolutions have them. */
const CHANNELS_LAST = [0, 2, 3, 1];
const KERNEL = [2, 3, 1, 0];

type Given = Readonly<Record<string, tf.Tensor>>;

/** A training step in the library's own words. */
export class PreparedStep implements PreparedWork {
  readonly #device: Device;
  readonly #step: StepOf;
  readonly #trained: Readonly<Record<string, tf.Variable>>;
  readonly #frozen: Weights;
  readonly #given: Given;
  readonly #optimizer: Optimizer;
  #steps = 0;

  constructor(device: Device, work: StepWork) {
    const { trained, frozen, given } = stepTensors(work);
    const upload = (tensors: HostTensors): Record<string, tf.Tensor> =>
      Object.fromEntries(
        Object.entries(tensors).map(([name, host]) => {
          const isImage = host.shape.length === 4;
          const order = name === 'x' ? CHANNELS_LAST : KERNEL;
          return [name, device.upload(host, isImage ? order : undefined)];
        }),
      );
    this.#device = device;
    this.#step = work.step;
    const start = upload(trained);
    this.#trained = mapped(start, (tensor) => tf.variable(tensor));
    tf.dispose(start);
    this.#frozen = upload(frozen);
    this.#given = upload(given);
    this.#optimizer = optimizerOf(work.step);
  }

  async run(times: number): Promise<void> {
    for (let i = 0; i < times; i++) this.#train().dispose();
    await this.#device.finish();
  }

  /** As its documents show it: the loss is asked for after each step. */
  async runDocumented(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const loss = this.#train();
      await loss.data();
      loss.dispose();
    }
  }

  /** The losses of the first steps. Throws InvariantError once others were made. */
  async results(): Promise<Results<HostTensor>> {
    if (this.#steps > 0)
      throw new InvariantError(`${this.#steps} steps were made before the losses were asked for`);
    const losses = new Float32Array(COMPARED);
    for (let i = 0; i < COMPARED; i++) {
      const loss = this.#train();
      losses.set((await this.#device.read(loss)).data, i);
      loss.dispose();
    }
    await this.#device.settle();
    return { outputs: { loss: hostTensor('f32', [COMPARED], losses) }, gradients: {} };
  }

  readonly metrics = () => ({ bytes: this.#device.bytes });

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of [this.#trained, this.#frozen, this.#given]) tf.dispose(Object.values(part));
    this.#optimizer.dispose();
    await this.#device.finish();
    await this.#device.settle();
  }

  #train(): tf.Tensor {
    this.#steps++;
    return this.#optimizer.step(() => this.#loss() as tf.Scalar, Object.values(this.#trained));
  }

  #loss(): tf.Tensor {
    const weights: Weights = { ...this.#frozen, ...this.#trained };
    const step = this.#step;
    switch (step.model) {
      case 'mlp':
        return mlpLoss(weights, this.#given as never);
      case 'transformer':
        return transformerLoss(weights, this.#given as never, step);
      case 'resnet18':
        return resnetLoss(weights, this.#given as never);
      case 'llama-lora':
        return llamaLoss(weights, this.#given as never, step);
    }
  }
}
