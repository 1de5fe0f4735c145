import { splitText } from '../data/text.ts';
import type { TrainingConfig } from '../train/config.ts';
import { Trainer } from '../train/trainer.ts';
import { AssertionError, type CaseContext } from './context.ts';
import { judgeApplications } from './judge-step.ts';
import type { RunLog } from './run-log.ts';

/** How long a replay may take. Milliseconds. */
const REPLAY_MS = 60_000;

/**
 * Looks for the first bad step of a run that went wrong between its judged steps: runs it again from the last right state, or from the
 * seed, to the odd step or the end, with every step judged. The same seed, adapter and state give the same bits, so that a fault that
 * repeats is found and named (AssertionError of the op), and one that does not shows as a loss that differs (AssertionError
 * `not-repeatable`). Returns what was found right, for a message, when there is neither.
 */
export async function replayRun(t: CaseContext, text: Uint8Array<ArrayBuffer>, config: TrainingConfig, log: RunLog): Promise<string> {
  const last = log.oddStep ?? log.losses.length;
  const state = log.before(log.oddStep ?? 0);
  const from = state?.step ?? 0;
  const started = performance.now();
  using trainer = new Trainer(t.gpu, splitText(text, config.heldoutFraction), config);
  if (state) trainer.restore(state);
  for (let step = from + 1; step <= last; step++) {
    if (performance.now() - started > REPLAY_MS) return `steps ${from + 1} to ${step - 1} were run again, and every op is right`;
    await trainer.judgedStep(async (applications) => void (await judgeApplications(t, step, applications)));
    const [loss] = await trainer.losses(step - 1);
    if (!Object.is(loss, log.losses[step - 1])) throw notRepeatable(t, step, from, log.losses[step - 1] as number, loss as number);
  }
  return `steps ${from + 1} to ${last} were run again, and every op is right`;
}

/** Right operations gave another loss than the run had: the run's own must have been wrong, once. */
function notRepeatable({ gpu, evidence }: CaseContext, step: number, from: number, was: number, is: number): AssertionError {
  const mayRace = [...gpu.recorder.dispatched].some((file) => gpu.recorder.pipelines.mayRace(file));
  evidence.reruns = { again: ['right'], mayRace, onFallback: gpu.adapter.isFallback, independent: [], withinHalf: false };
  const since = step === from + 1 ? `step ${step}` : `step ${step} or the update of step ${step - 1}`;
  return new AssertionError(
    'not-repeatable',
    `${since} went wrong and is right when it is run again, every op of it: its loss was ${was} and is ${is} from the state after step ${from}`,
  );
}
