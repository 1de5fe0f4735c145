import { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { initialLlama } from '../../models/llama/initial.ts';
import { Llama } from '../../models/llama/llama.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { DrawnBatches } from '../drawn-batches.ts';
import { TrainingLoop } from '../loop/training-loop.ts';
import { lossOf } from '../loss.ts';
import { Optimizer } from '../optimizer.ts';
import type { Recipe } from './recipe.ts';
import { windowsOf } from './windows.ts';

/** Streams of the seed, one for each thing that is drawn. */
const STREAMS = { weights: 0, batches: 1, heldout: 2 } as const;

/** Steps between two losses that are told. */
const LOSS_EVERY = 50;

/** How far it is. */
export interface PretrainingProgress {
  readonly step: number;
  /** Mean of the step's batch before its update, in nats a token. */
  readonly loss: number;
}

/** What comes of it. */
export interface Pretrained {
  /** By transformers' names, f32. */
  readonly weights: HostTensors;
  /** On text that it was not shown, in nats a token. */
  readonly heldout: number;
}

/**
 * Trains a Llama whole from drawn weights, by a recipe: the same weights for all on the same
 * adapter. To stop iterating ends it, and everything is freed.
 */
export async function* pretrain(
  gpu: Gpu,
  { seed, model: sizes, length, batchSize, steps, optimizer, schedule, maxGradNorm }: Recipe,
  text: { readonly train: Int32Array; readonly heldout: Int32Array },
): AsyncGenerator<PretrainingProgress, Pretrained> {
  using owned = new Scope();
  const trained = new Map(initialLlama(sizes, new Random(seed, STREAMS.weights)));
  const model = owned.add(new Llama(gpu, { ...sizes, length }, { trained, frozen: new Map() }));
  const update = owned.add(
    new Optimizer(gpu, model.parameters, optimizer, {
      schedule: { ...schedule, total: steps },
      max_grad_norm: maxGradNorm,
    }),
  );
  const source = new DrawnBatches({
    draw: windowsOf(text.train, length),
    batchSize,
    seed,
    stream: STREAMS.batches,
  });
  const loop = owned.add(
    new TrainingLoop(gpu, { model, optimizer: update, source, seed, shift: true }),
  );
  await loop.capture();
  for (let step = 1; step <= steps; step++) {
    await loop.step();
    if (step % LOSS_EVERY === 0 || step === steps) yield { step, loss: await loop.readLoss() };
  }
  const heldout = windowsOf(text.heldout, length)(batchSize, new Random(seed, STREAMS.heldout));
  const ids = owned.add(Tensor.from(gpu, heldout.labels));
  using tape = new Tape(gpu);
  const { loss } = lossOf(tape, model, { inputs: { ids }, labels: ids }, true);
  const [mean = Number.NaN] = (await loss.read()).data;
  return { weights: await model.parameters.read(), heldout: mean };
}
