import { splitText } from '../data/text.ts';
import { GradproofError } from '../errors.ts';
import type { OutputFile } from '../train/adapter-files.ts';
import { DEFAULT_TRAINING } from '../train/config.ts';
import type { TrainingProgress } from '../train/progress.ts';
import { planHash, planText } from './plan.ts';
import { buildReport } from './report/build.ts';
import type { CaseResult, Report } from './report/schema.ts';
import type { RunnerHost } from './runner.ts';
import { TrainingConversation } from './training/conversation.ts';

/** Settings of a fine-tuning run. Every default is in DEFAULT_TRAINING of src/train/config.ts. */
export interface TrainingRequest {
  /** The text to learn, as bytes; the last tenth is held out. */
  readonly text: Uint8Array<ArrayBuffer>;
  readonly steps: number;
  readonly seed: number;
}

/** What a training run emits; page and command line show it live. `end` is missing when it was cancelled before it had a device. */
export type TrainingEvent = TrainingProgress | { readonly type: 'end'; readonly result: CaseResult };

export type TrainingListener = (event: TrainingEvent) => void;

/** A finished run: its report of kind `train`, and the files to save (adapter_model.safetensors, adapter_config.json). */
export interface TrainingOutcome {
  readonly report: Report;
  readonly files: readonly OutputFile[];
}

/** More steps would not fit in one buffer of losses that is worth having. */
const MOST_STEPS = 1_000_000;

/** A number of steps that makes no sense. */
class StepsError extends GradproofError {
  constructor(steps: number) {
    super('bad-steps', `the number of steps must be a whole number from 1 to ${MOST_STEPS}, not ${steps}`);
  }
}

/**
 * Fine-tunes in a worker of its own and returns the report and the files. The report's one result is `fail` when the loss does not
 * fall as it must or a judged step is wrong. When `signal` aborts, the worker ends at once and the report is partial
 * (`complete: false`, no files). Throws TextTooShortError for a text under 4 KiB, {@link StepsError}, and UnusableError when there is
 * no device.
 */
export async function train(
  host: Pick<RunnerHost, 'cases' | 'startWorker'>,
  request: TrainingRequest,
  listen: TrainingListener,
  signal?: AbortSignal,
): Promise<TrainingOutcome> {
  const { text, steps, seed } = request;
  if (!Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) throw new StepsError(steps);
  splitText(text, DEFAULT_TRAINING.heldoutFraction);
  const options = { tier: 'full', filters: [], shard: { index: 1, count: 1 }, seed } as const;
  const identity = { kind: 'train', startedAt: new Date(), options, planHash: await planHash(planText(host.cases.values())) } as const;
  const conversation = new TrainingConversation(host.startWorker(), { type: 'train', text, steps, seed }, listen);
  const { environment, outcome, files, complete } = await conversation.hold(signal);
  const results: CaseResult[] = outcome ? [{ ...outcome, env: 0, attempts: 1 }] : [];
  for (const result of results) listen({ type: 'end', result });
  return { report: buildReport(identity, environment ? [environment] : [], results, complete), files };
}
