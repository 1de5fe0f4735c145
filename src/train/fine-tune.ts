import { type SplitText, splitText } from '../data/text.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Application } from '../graph/call.ts';
import { type HostTensors, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TrainingConfig } from './config.ts';
import { Fingerprints, type StepFingerprints } from './fingerprints.ts';
import { forecastBytes } from './forecast.ts';
import type { Gate } from './gate.ts';
import type { TrainingMetrics } from './learning-check.ts';
import type { LoopState } from './loop/training-loop.ts';
import type { TrainingPhase, TrainingProgress } from './progress.ts';
import { legible, promptIn, sampleBytes } from './sample.ts';
import { StepClock } from './step-clock.ts';
import type { StepProfile } from './step-profile.ts';
import { HELDOUT_BATCH, Trainer } from './trainer.ts';

/** What a finished run leaves. */
export interface FineTuned {
  readonly metrics: TrainingMetrics;
  readonly measured: Measured;
  /** The adapters, named `<module>.lora_A` and `<module>.lora_B`. */
  readonly adapter: HostTensors;
}

/** What the steps of a run took. */
export interface Measured {
  /** Median time of a step that is not judged, in milliseconds; undefined where all are. */
  readonly stepMs?: number;
  /** The most device memory that the run's tensors took at once. */
  readonly peakBytes: number;
  readonly judgedSteps: number;
}

/** What watches a run. */
export interface TrainingObserver {
  /**
   * Looks at all that judged step `step` computed (0: before the first), while its tensors live;
   * returns the largest share of a bound used.
   */
  readonly judge: (step: number, applications: readonly Application<Tensor>[]) => Promise<number>;
  /** Given the state after a judged step that was right. */
  readonly keep: (state: LoopState) => void;
  /**
   * Given the fingerprints of the next steps, before their losses are told, and before a later step
   * is judged.
   */
  readonly note: (steps: readonly StepFingerprints[]) => void;
  /** Where the run waits between two steps while it is closed. */
  readonly gate?: Gate | undefined;
  /** The phases whose rest is to be left out; they are asked for while the run goes on. */
  readonly skipped?: ReadonlySet<TrainingPhase> | undefined;
  /** Times what the steps dispatch, and waits for each of them. */
  readonly profile?: StepProfile | undefined;
}

/** Stream of the seed from which samples are drawn, the same before and after. */
const SAMPLE_STREAM = 3;

/**
 * Fine-tunes the byte model on `text`, with the last part held out, and tells how it goes. A step
 * is one submit; losses are collected on the device and read every few steps. The quantized base,
 * the first step and every hundredth are shown to the observer. To stop iterating ends the run, and
 * everything is freed. Throws TextTooShortError for a text under 4 KiB.
 */
export async function* fineTune(
  gpu: Gpu,
  text: Uint8Array<ArrayBuffer>,
  config: TrainingConfig,
  observer: TrainingObserver,
): AsyncGenerator<TrainingProgress, FineTuned> {
  const split = splitText(text, config.heldoutFraction);
  const { metrics, ...learnt } = yield* learn(gpu, split, config, observer);
  yield { type: 'phase', phase: 'frozen', skippable: false };
  const heldoutFrozen = await frozenLoss(gpu, split, config);
  return { metrics: { ...metrics, heldoutFrozen }, ...learnt };
}

/** A run without its control. */
type Learnt = Omit<FineTuned, 'metrics'> & {
  readonly metrics: Omit<TrainingMetrics, 'heldoutFrozen'>;
};

async function* learn(
  gpu: Gpu,
  split: SplitText,
  config: TrainingConfig,
  { judge, keep, note, gate, skipped, profile }: TrainingObserver,
): AsyncGenerator<TrainingProgress, Learnt> {
  const { steps, lossEvery, heldoutEvery, judgeEvery } = config;
  const bytesBefore = gpu.memory.ledger.liveBytes;
  const peakBytes = () => gpu.memory.ledger.peakBytes - bytesBefore;
  gpu.memory.resetPeak();
  using fingerprints = new Fingerprints(gpu);
  using trainer = new Trainer(gpu, split, config, { fingerprints });
  const { parameters, frozenCount } = trainer.model;
  yield {
    type: 'start',
    steps,
    textBytes: split.train.length + split.heldout.length,
    trainable: parameters.count,
    frozen: frozenCount,
    unigram: trainer.unigram,
    bytesForecast: forecastBytes(config, trainer.heldoutCount, HELDOUT_BATCH),
  };
  yield { type: 'phase', phase: 'preparing', skippable: false };
  await trainer.judgedBase(async (applications) => void (await judge(0, applications)));
  const heldoutBefore = await trainer.heldoutLoss();
  yield { type: 'heldout', step: 0, loss: heldoutBefore };
  yield await sampled('before', trainer, split.heldout, config);
  yield { type: 'phase', phase: 'learning', skippable: false };
  const clock = new StepClock(steps);
  let judgedSteps = 0;
  for (let step = 1, told = 0; step <= steps; step++) {
    const opened = gate?.opened;
    if (opened) {
      await gpu.finish();
      clock.end(step - 1);
      yield { type: 'paused', step: step - 1 };
      await clock.stoppedUntil(opened);
      yield { type: 'resumed', step: step - 1 };
      clock.begin(step - 1);
    }
    if (step === 1 || step % judgeEvery === 0) {
      note(await fingerprints.read());
      clock.end(step - 1);
      let boundUsed = 0;
      profile?.begin(step);
      await trainer.judgedStep(async (applications) => {
        boundUsed = Math.max(boundUsed, await judge(step, applications));
      });
      await profile?.end();
      keep(await trainer.checkpoint());
      judgedSteps += 1;
      yield { type: 'judged', step, boundUsed };
      if (step === 1 && config.capture) await trainer.capture();
      clock.begin(step);
    } else {
      profile?.begin(step);
      await trainer.step();
      await profile?.end();
    }
    if (step % lossEvery === 0 || step === steps) {
      note(await fingerprints.read());
      const losses = await trainer.losses(told);
      clock.end(step);
      const { liveBytes: bytes } = gpu.memory.ledger;
      const figures = { ...clock.times(step), bytes, peakBytes: peakBytes() };
      for (const loss of losses) yield { type: 'step', step: ++told, loss, ...figures };
      clock.begin(step);
    }
    if (step % heldoutEvery === 0 && step < steps) {
      yield { type: 'heldout', step, loss: await trainer.heldoutLoss() };
      clock.begin(step);
    }
  }
  const heldoutAfter = await trainer.heldoutLoss();
  yield { type: 'heldout', step: steps, loss: heldoutAfter };
  yield { type: 'phase', phase: 'sample', skippable: true };
  yield await sampled('after', trainer, split.heldout, config, skipped);
  const { medianMs } = clock.times(steps);
  return {
    metrics: { heldoutBefore, heldoutAfter, unigram: trainer.unigram },
    measured: {
      ...(medianMs === undefined ? {} : { stepMs: medianMs }),
      peakBytes: peakBytes(),
      judgedSteps,
    },
    adapter: await parameters.read(),
  };
}

/** The control: held-out loss after steps whose optimizer does nothing. */
async function frozenLoss(gpu: Gpu, split: SplitText, config: TrainingConfig): Promise<number> {
  using trainer = new Trainer(gpu, split, config, { frozen: true });
  for (let step = 0; step < Math.min(config.frozenSteps, config.steps); step++)
    await trainer.step();
  return await trainer.heldoutLoss();
}

async function sampled(
  when: 'before' | 'after',
  trainer: Trainer,
  heldout: Uint8Array,
  { model: { context }, seed, sampleBytes: count, temperature }: TrainingConfig,
  skipped?: ReadonlySet<TrainingPhase>,
): Promise<TrainingProgress> {
  const prompt = promptIn(heldout, 2 * context);
  const ask = async (bytes: Uint8Array) => valuesOf(await trainer.logits(bytes));
  const bytes = await sampleBytes(ask, prompt, {
    count,
    context,
    temperature,
    random: new Random(seed, SAMPLE_STREAM),
    skipped: () => skipped?.has('sample') ?? false,
  });
  return { type: 'sample', when, prompt: legible(prompt), text: legible(bytes) };
}
