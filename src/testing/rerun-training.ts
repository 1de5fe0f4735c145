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
 * op). Returns what was found right, for a message, when there is neither.
 */
export async function rerunTraining(
  t: CaseContext,
  text: Uint8Array<ArrayBuffer>,
  config: TrainingConfig,
  log: RunLog,
): Promise<string> {
  const until = performance.now() + REPLAY_MS;
  const last = log.anomalousStep ?? log.losses.length;
  const state = log.before(log.anomalousStep ?? 0);
  const from = state?.step ?? 0;
  const restart = (options?: TrainerOptions) => {
    const trainer = new Trainer(t.gpu, splitText(text, config.heldoutFraction), config, options);
    if (state) trainer.restore(state);
    return trainer;
  };
  const { same, deviation } = await compareBits(t, restart, log, { from, last, until });
  using trainer = restart();
  if (deviation) {
    for (let step = from + 1; step < deviation.step; step++) trainer.step();
    await nameDeviation(t, trainer, deviation);
  }
  const repeated =
    same > from
      ? `steps ${from + 1} to ${same} gave the same bits again`
      : 'nothing was compared by its bits';
  for (let step = from + 1; step <= last; step++) {
    if (performance.now() > until)
      return `${repeated}, and every op of steps ${from + 1} to ${step - 1} is right`;
    await trainer.judgedStep(
      async (applications) => void (await judgeApplications(t, step, applications)),
    );
  }
  return `${repeated}, and every op of steps ${from + 1} to ${last} is right`;
}

/**
 * Runs steps again, unjudged, until one computes other bits than it did, which is returned, or
 * until one is not known any more or the time is up.
 */
async function compareBits(
  { gpu }: CaseContext,
  restart: (options: TrainerOptions) => Trainer,
  log: RunLog,
  { from, last, until }: { readonly from: number; readonly last: number; readonly until: number },
): Promise<{ readonly same: number; readonly deviation?: Deviation }> {
  using fingerprints = new Fingerprints(gpu);
  using trainer = restart({ fingerprints });
  for (let step = from + 1; step <= last; step++) {
    const before = log.fingerprintsOf(step);
    if (!before || performance.now() > until) return { same: step - 1 };
    trainer.step();
    const [again] = await fingerprints.read();
    const deviation = again && deviationOf(step, before, again);
    if (deviation) return { same: step - 1, deviation };
  }
  return { same: last };
}
