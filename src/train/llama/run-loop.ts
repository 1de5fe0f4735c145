import { isDecayed } from '../../formats/hugging-face/decay-parameters.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Transfers } from '../../gpu/paged-memory.ts';
import { Scope } from '../../gpu/scope.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { seam } from '../../seam.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { TrainingLoop } from '../loop/training-loop.ts';
import { Optimizer } from '../optimizer.ts';
import type { Sharding } from '../sharded/sharded-update.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { StepGuard } from './recovery/step-guard.ts';
import type { RunPlan } from './run-plan.ts';
import { sourceOf } from './run-ranks.ts';

/** Gradients of a frozen control are thrown away. */
const isFrozen = seam('train.llama.frozen', (): boolean => false);

const AUTOCAST = { fp32: undefined, fp16: 'float16', bf16: 'bfloat16' } as const;

/** Where a run is made: ranks that share it, and what lies on the host. */
interface RunPlaces {
  readonly sharding: Sharding | undefined;
  /** Counts what goes between host and device, where the optimizer keeps its state on the host. */
  readonly transfers: Transfers | undefined;
}

/** What makes the steps of a run on the device, but for the model. */
export class RunLoop implements Disposable {
  readonly loop: TrainingLoop;
  /** Where a step leaves the norm of its gradients. */
  readonly norm: Tensor;
  /** Stands before each update. */
  readonly guard: StepGuard;
  readonly #optimizer: Optimizer | undefined;
  readonly #owned: Scope;

  constructor(
    gpu: Gpu,
    model: Llama,
    { training, schedule }: RunPlan,
    config: LlamaTrainingConfig,
    { sharding, transfers }: RunPlaces,
  ) {
    using owned = new Scope();
    const { maxGradNorm, precision, seed } = config;
    this.norm = owned.add(Tensor.zeros(gpu, [1]));
    this.guard = new StepGuard(gpu, model.parameters.layout);
    const optimizer = isFrozen()
      ? undefined
      : owned.add(
          new Optimizer(gpu, model.parameters, config.optimizer, {
            schedule,
            max_grad_norm: maxGradNorm || undefined,
            decays: isDecayed,
            grad_scaler: precision === 'fp16' ? {} : undefined,
            norm_to: this.norm,
            ...{ sharding, transfers },
            accept: this.guard.accept,
          }),
        );
    this.guard.lossScale = optimizer?.lossScale;
    this.guard.shared = optimizer?.inParts;
    this.#optimizer = optimizer;
    const source = sourceOf(training, config, sharding?.group);
    const autocast = AUTOCAST[precision];
    this.loop = owned.add(
      new TrainingLoop(gpu, { model, source, optimizer, seed, autocast, shift: true }),
    );
    this.#owned = owned.move();
  }

  /** Updates that were made; undefined of a frozen run, which makes none. */
  get updates(): number | undefined {
    return this.#optimizer?.updates;
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
