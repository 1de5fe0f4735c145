import { Tape } from '../../../src/autograd/tape.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import type { Application } from '../../../src/graph/call.ts';
import { Layers } from '../../../src/models/layers.ts';
import type { Llama } from '../../../src/models/llama/llama.ts';
import {
  adaptedLinear,
  type LinearAdapter,
} from '../../../src/models/llama/lora/adapted-linear.ts';
import type { DeviceWeight } from '../../../src/quantizer/coding.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import type { AdapterSettings } from '../../../src/train/llama/config/read-training-config.ts';
import { linearAdapters } from '../../../src/train/llama/open-model.ts';
import { normalTensor } from '../tensors.ts';
import { FEW_TOKENS, tinyLlama } from './tiny-llama.ts';
import { opened, settingsOf } from './type-run.ts';

export type DoraType = 'hqq_dora' | 'bnb_dora';

/** A linear of the widest sort, and rows that it is given. */
export const LINEAR = 'model.layers.0.mlp.up_proj';
export const SHAPE = [512, 256] as const;
const ROWS = 5;
/** How large numbers of lora_B are that learnt something. */
const LEARNT = 0.02;

/** One adapted linear of a TinyLlama of a type, and inputs for it. */
export class DoraLayer implements Disposable {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly tensors: Readonly<Record<'lora_A' | 'lora_B' | 'magnitude', Tensor>>;
  readonly weight: Tensor | DeviceWeight;
  readonly #gpu: Gpu;
  readonly #model: Llama;
  readonly #adapter: LinearAdapter;

  private constructor(t: CaseContext, model: Llama, adapter: LinearAdapter) {
    const part = (name: string) => model.view(`${LINEAR}.${name}`) as Tensor;
    this.#gpu = t.gpu;
    this.#model = model;
    this.#adapter = adapter;
    this.tensors = {
      ...{ lora_A: part('lora_A'), lora_B: part('lora_B'), magnitude: part('magnitude') },
    };
    this.weight = model.view(`${LINEAR}.weight`);
    this.x = Tensor.from(t.gpu, normalTensor(t, 2, [ROWS, SHAPE[1]]));
    this.dy = Tensor.from(t.gpu, normalTensor(t, 3, [ROWS, SHAPE[0]]));
  }

  /** The linear as its type starts it, in the model of the case's seed. */
  static async of(t: CaseContext, type: DoraType): Promise<DoraLayer> {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const settings = settingsOf(type);
    const adapters = linearAdapters(tiny.config, settings.adapter as AdapterSettings);
    const model = await opened(t, tiny, settings);
    return new DoraLayer(t, model, adapters.get(LINEAR) as LinearAdapter);
  }

  /** Gives lora_B numbers, as a training does, which have a part in every gradient. */
  learn(t: CaseContext): void {
    const { lora_B } = this.tensors;
    using other = Tensor.from(t.gpu, normalTensor(t, 4, lora_B.shape, LEARNT));
    lora_B.copyFrom(other);
  }

  /** y, and the one call of lora_linear that gave it, which the tape owns. */
  forward(tape: Tape, trace: Application<Tensor>[]): { y: Tensor; call: Application<Tensor> } {
    const layers = new Layers(tape, this.#model);
    const { tensors, weight } = this;
    const adapter = this.#adapter;
    const y = adaptedLinear(tape, layers, LINEAR, this.x, {
      adapter,
      tensors,
      weight,
      trainsBias: false,
    });
    const call = trace.find(({ op }) => op.name === 'lora_linear');
    return { y, call: call as Application<Tensor> };
  }

  /** A tape that watches what is trained. */
  tape(trace: Application<Tensor>[]): Tape {
    return new Tape(this.#gpu, Object.values(this.tensors), { trace });
  }

  [Symbol.dispose](): void {
    for (const owned of [this.#model, this.x, this.dy]) owned[Symbol.dispose]();
  }
}
