import { type HostModel, readHostModel } from '../../backends/manager/host-model.ts';
import { requireRecommended } from '../../backends/manager/limits.ts';
import { type ReferenceStep, trainOnReference } from '../../backends/manager/train-on-reference.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { adapterShapes } from '../../train/llama/open-model.ts';
import type { LlamaStart } from '../../train/llama/progress.ts';
import { runPlan } from '../../train/llama/run-plan.ts';
import { savedAdapter } from '../../train/llama/saved-adapter.ts';
import { trainedWeights } from '../../train/llama/saved-weights.ts';
import type { TuningEvent, TuningRequest } from '../tuning.ts';
import type { WorkerHost } from '../worker/worker-host.ts';

/** What the reference takes of a fine-tuning: none of what needs a device. */
export type ReferenceRequest = Pick<TuningRequest, 'folder' | 'texts' | 'config' | 'base'>;

/** What it tells, as a run on a device does. */
export type ReferenceEvent = Extract<TuningEvent, { readonly type: 'start' | 'step' | 'saved' }>;
export type ReferenceTold = ReferenceEvent | { readonly type: 'failed'; readonly message: string };

/** A fine-tuning in float64 on one core, where there is no WebGPU. */
export class ReferenceTuning {
  readonly #host: HostModel;
  readonly #request: ReferenceRequest;

  private constructor(host: HostModel, request: ReferenceRequest) {
    this.#host = host;
    this.#request = request;
  }

  /** Reads the model. Throws BackendError `model-too-large`, and as `readHostModel` does. */
  static async open(
    request: ReferenceRequest,
    openFolder: WorkerHost['openFolder'],
  ): Promise<ReferenceTuning> {
    const host = await readHostModel(await openFolder(request.folder));
    requireRecommended('reference', numbersOf(tensorShapes(host.config)));
    return new ReferenceTuning(host, request);
  }

  /** What is known before the first step; no device has any of it. */
  get start(): LlamaStart {
    const { texts, config } = this.#request;
    const { steps, training, heldout } = runPlan(texts, config);
    const all = numbersOf(tensorShapes(this.#host.config));
    const added = numbersOf(adapterShapes(this.#host.config, config));
    return {
      ...{ steps, trainingRows: training.length, heldoutRows: heldout.length },
      ...(config.adapter ? { trainable: added, frozen: all } : { trainable: all, frozen: 0 }),
      ...{ bytesForecast: 0, unjudged: 'it is the reference by which steps are judged' },
    };
  }

  /** The steps; returns the files of what was trained, after that in which `signal` aborted too. */
  async *run(signal: AbortSignal): AsyncGenerator<ReferenceStep, readonly OutputFile[]> {
    const { texts, config, base } = this.#request;
    const trained: HostTensors = yield* trainOnReference(this.#host, texts, config, signal);
    return config.adapter ? savedAdapter(trained, config.adapter, base) : trainedWeights(trained);
  }
}

const numbersOf = (shapes: ReadonlyMap<string, Shape>): number =>
  [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
