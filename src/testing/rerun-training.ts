import { splitText } from '../data/text.ts';
import type { TrainingConfig } from '../train/config.ts';
import { Fingerprints } from '../train/fingerprints.ts';
import { Trainer, type TrainerOptions } from '../train/trainer.ts';
import type { CaseContext } from './context.ts';
import { type Deviation, deviationOf, nameDeviation } from './deviation.ts';
import { judgeApplications } from './judge-step.ts';
import type { RunLog } from './run-log.ts';

/** How long a replay may take. Milliseconds. */
const REPLAY_MS = 60_000;

/**
 * Looks for the first wrong element of a run that went wrong between its judged steps: runs it
 * again from the last right state, or from the seed, to the anomalous step or the end. The same
 * seed, adapter and state give the same bits. So the first tensor whose bits were others before was
 * wrong once, and is named with its element (AssertionError `not-repeatable`); where there is none,
 * the steps are run once more and judged, and a fault that repeats is named (AssertionError of the
 * op). Returns what was found right, for a message, when there is neither. No step is begun any more
 * once `skipped` says so.
 */
export async function rerunTraining(
  t: CaseContext,
  text: Uint8Array<ArrayBuffer>,
  config: TrainingConfig,
  log: RunLog,
  skipped: () => boolean = () => false,
): Promise<string> {
  const until = performance.now() + REPLAY_MS;
  const isOver = () => skipped() || performance.now() > until;
  const last = log.anomalousStep ?? log.losses.length;
  const state = log.lastRight;
  const from = state?.step ?? 0;
  const restart = (options?: TrainerOptions) => {
    const trainer = new Trainer(t.gpu, splitText(text, config.heldoutFraction), config, options);
    if (state) trainer.restore(state);
    return trainer;
  };
  const compared = await compareBits(t, restart, log, { from, last, isOver });
  using trainer = restart();
  if ('deviation' in compared) {
    const { deviation } = compared;
    for (let step = from + 1; step < deviation.step; step++) await trainer.step();
    return await nameDeviation(t, trainer, deviation);
  }
  const { same } = compared;
  const repeated =
    same > from
      ? `steps ${from + 1} to ${same} gave the same bits again`
      : 'nothing was compared by its bits';
  const right = (step: number) =>
    step > from ? [`every op of steps ${from + 1} to ${step} is right`] : [];
  for (let step = from + 1; step <= last; step++) {
    if (isOver()) return [repeated, ...right(step - 1)].join(', and ');
    await trainer.judgedStep(
      async (applications) => void (await judgeApplications(t, step, applications)),
    );
  }
  return [repeated, ...right(last)].join(', and ');
}

/**
 * Runs steps again, unjudged, until one computes other bits than it did, which is returned, or
 * until one is not known any more or it is over: the last that was the same is returned.
 */
async function compareBits(
  { gpu }: CaseContext,
  restart: (options: TrainerOptions) => Trainer,
  log: RunLog,
  {
    from,
    last,
    isOver,
  }: { readonly from: number; readonly last: number; readonly isOver: () => boolean },
): Promise<{ readonly same: number } | { readonly deviation: Deviation }> {
  using fingerprints = new Fingerprints(gpu);
  using trainer = restart({ fingerprints });
  for (let step = from + 1; step <= last; step++) {
    const before = log.fingerprintsOf(step);
    if (!before || isOver()) return { same: step - 1 };
    await trainer.step();
    const [again] = await fingerprints.read();
    const deviation = again && deviationOf(step, before, again);
    if (deviation) return { deviation };
  }
  return { same: last };
}
