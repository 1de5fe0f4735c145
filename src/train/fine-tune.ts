import { splitText } from '../data/text.ts';
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
import type { OptimizerState } from './optimizer.ts';
import type { TrainingProgress } from './progress.ts';
import { legible, sampleBytes } from './sample.ts';
import { HELDOUT_BATCH, Trainer } from './trainer.ts';

/** What a finished run leaves. */
export interface FineTuned {
  readonly metrics: TrainingMetrics;
  /** The adapters, named `<module>.lora_A` and `<module>.lora_B`. */
  readonly adapter: HostTensors;
}

/** What watches a run. */
export interface TrainingObserver {
  /**
   * Looks at all that judged step `step` computed (0: before the first), while its tensors live;
   * returns the largest share of a bound used.
   */
  readonly judge: (step: number, applications: readonly Application<Tensor>[]) => Promise<number>;
  /** Given the state after a judged step that was right. */
  readonly keep: (state: OptimizerState) => void;
  /**
   * Given the fingerprints of the next steps, before their losses are told, and before a later step
   * is judged.
   */
  readonly note: (steps: readonly StepFingerprints[]) => void;
  /** Where the run waits between two steps while it is closed. */
  readonly gate?: Gate | undefined;
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
  { judge, keep, note, gate }: TrainingObserver,
): AsyncGenerator<TrainingProgress, FineTuned> {
  const split = splitText(text, config.heldoutFraction);
  using fingerprints = new Fingerprints(gpu);
  using trainer = new Trainer(gpu, split, config, { fingerprints });
  const { parameters, frozenCount } = trainer.model;
  const { steps, lossEvery, heldoutEvery, judgeEvery } = config;
  yield {
    type: 'start',
    steps,
    textBytes: text.length,
    trainable: parameters.count,
    frozen: frozenCount,
    unigram: trainer.unigram,
    bytesForecast: forecastBytes(config, trainer.heldoutCount, HELDOUT_BATCH),
  };
  await trainer.judgedBase(async (applications) => void (await judge(0, applications)));
  const heldoutBefore = await trainer.heldoutLoss();
  yield { type: 'heldout', step: 0, loss: heldoutBefore };
  yield await sampled('before', trainer, split.heldout, config);
  const clock = new StepClock(steps);
  for (let step = 1, told = 0; step <= steps; step++) {
    const opened = gate?.opened;
    if (opened) {
      await gpu.finish();
      yield { type: 'paused', step: step - 1 };
      await clock.stoppedUntil(opened);
      yield { type: 'resumed', step: step - 1 };
    }
    if (step === 1 || step % judgeEvery === 0) {
      note(await fingerprints.read());
      let boundUsed = 0;
      await trainer.judgedStep(async (applications) => {
        boundUsed = Math.max(boundUsed, await judge(step, applications));
      });
      const state = await trainer.checkpoint();
      if (state) keep(state);
      yield { type: 'judged', step, boundUsed };
    } else trainer.step();
    if (step === 1 && config.capture) await trainer.capture();
    if (step % lossEvery === 0 || step === steps) {
      note(await fingerprints.read());
      const losses = await trainer.losses(told);
      const times = clock.lap(step);
      for (const loss of losses)
        yield { type: 'step', step: ++told, loss, ...times, bytes: gpu.memory.ledger.liveBytes };
    }
    if (step % heldoutEvery === 0 && step < steps)
      yield { type: 'heldout', step, loss: await trainer.heldoutLoss() };
  }
  const heldoutAfter = await trainer.heldoutLoss();
  yield { type: 'heldout', step: steps, loss: heldoutAfter };
  yield await sampled('after', trainer, split.heldout, config);
  const heldoutFrozen = await frozenLoss(gpu, text, config);
  return {
    metrics: { heldoutBefore, heldoutAfter, heldoutFrozen, unigram: trainer.unigram },
    adapter: await parameters.read(),
  };
}

/** The control: held-out loss after steps whose optimizer does nothing. */
async function frozenLoss(
  gpu: Gpu,
  text: Uint8Array<ArrayBuffer>,
  config: TrainingConfig,
): Promise<number> {
  using trainer = new Trainer(gpu, splitText(text, config.heldoutFraction), config, {
    frozen: true,
  });
  for (let step = 0; step < Math.min(config.frozenSteps, config.steps); step++) trainer.step();
  return await trainer.heldoutLoss();
}

async function sampled(
  when: 'before' | 'after',
  trainer: Trainer,
  heldout: Uint8Array,
  { model: { context }, seed, sampleBytes: count, temperature }: TrainingConfig,
): Promise<TrainingProgress> {
  const prompt = heldout.subarray(0, 2 * context);
  const ask = async (bytes: Uint8Array) => valuesOf(await trainer.logits(bytes));
  const bytes = await sampleBytes(ask, prompt, {
    count,
    context,
    temperature,
    random: new Random(seed, SAMPLE_STREAM),
  });
  return { type: 'sample', when, prompt: legible(prompt), text: legible(bytes) };
}

/**
 * Time for a step over the last lap, and time to the end at the mean speed so far. Milliseconds.
 */
class StepClock {
  readonly #steps: number;
  #started = performance.now();
  #lap = { step: 0, at: this.#started };

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** Waits for `until`; the time that this takes is no time of a step. */
  async stoppedUntil(until: Promise<void>): Promise<void> {
    const from = performance.now();
    await until;
    const stopped = performance.now() - from;
    this.#started += stopped;
    this.#lap = { ...this.#lap, at: this.#lap.at + stopped };
  }

  lap(step: number): { readonly msPerStep: number; readonly remainingMs: number } {
    const at = performance.now();
    const msPerStep = (at - this.#lap.at) / (step - this.#lap.step);
    this.#lap = { step, at };
    return { msPerStep, remainingMs: ((at - this.#started) / step) * (this.#steps - step) };
  }
}
