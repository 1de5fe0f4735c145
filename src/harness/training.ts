import { splitText } from '../data/text.ts';
import { GradproofError } from '../errors.ts';
import type { TuningRow } from '../gpu/tuning.ts';
import { buildReport, type RunIdentity } from '../report/build.ts';
import { planHash, planText } from '../report/plan.ts';
import type { CaseResult, Environment, Report } from '../report/schema.ts';
import type { OutputFile } from '../train/adapter-files.ts';
import { DEFAULT_TRAINING } from '../train/config.ts';
import type { TrainingProgress } from '../train/progress.ts';
import type { TrainingSettings } from '../train/settings.ts';
import type { RunnerHost } from './runner.ts';
import { type TrainingControls, TrainingConversation } from './training/conversation.ts';
import { PartialTraining } from './training/partial.ts';
import type { CaseOutcome } from './worker/messages.ts';

/** Settings of a fine-tuning run. Every default is in DEFAULT_TRAINING of src/train/config.ts. */
export interface TrainingRequest {
  /** The text to learn, as bytes; the last tenth is held out. */
  readonly text: Uint8Array<ArrayBuffer>;
  readonly steps: number;
  readonly seed: number;
  /** How parameters are updated. Default that of DEFAULT_TRAINING. */
  readonly settings?: TrainingSettings;
  /** Rows by which variants are chosen, before those that are checked in. Default none. */
  readonly tuned?: readonly TuningRow[];
}

/**
 * What a training run emits; page and command line show it live. `environment` comes first: where
 * it computes. `end` is missing when it was cancelled before it had a device.
 */
export type TrainingEvent =
  | { readonly type: 'environment'; readonly environment: Environment }
  | TrainingProgress
  | { readonly type: 'end'; readonly result: CaseResult };

/** Who hears what a training run emits. */
export type TrainingListener = (event: TrainingEvent) => void;

/**
 * A finished run: its report of kind `train`, and the files to save (adapter_model.safetensors,
 * adapter_config.json).
 */
export interface TrainingOutcome {
  readonly report: Report;
  readonly files: readonly OutputFile[];
}

/** More steps would not fit in one buffer of losses that is worth having. */
const MOST_STEPS = 1_000_000;

/** A number of steps that makes no sense. */
class StepsError extends GradproofError {
  constructor(steps: number) {
    super(
      'bad-steps',
      `the number of steps must be a whole number from 1 to ${MOST_STEPS}, not ${steps}`,
    );
  }
}

/**
 * Fine-tunes in a worker of its own and returns the report and the files. The report's one result
 * is `fail` when the loss does not fall as it must or a judged step is wrong, and `skip` when the run
 * is too short to tell. When `signal` aborts, the worker ends at once and the report is partial
 * (`complete: false`, no files). `controls` make it wait between two steps, or leave out what it
 * does after them. Throws TextTooShortError for a text under 4 KiB,
 * {@link StepsError}, and UnusableError when there is no device.
 */
export async function train(
  host: Pick<RunnerHost, 'cases' | 'startWorker'>,
  request: TrainingRequest,
  listen: TrainingListener,
  signal?: AbortSignal,
  controls?: TrainingControls,
): Promise<TrainingOutcome> {
  const { text, tuned, ...job } = request;
  const { steps, seed } = job;
  if (!Number.isInteger(steps) || steps < 1 || steps > MOST_STEPS) throw new StepsError(steps);
  splitText(text, DEFAULT_TRAINING.heldoutFraction);
  const identity = await identityOf(host, seed);
  const conversation = new TrainingConversation(
    host.startWorker(),
    { type: 'train', text, ...job },
    listen,
    { ...controls, tuned },
  );
  const { environment, outcome, files, complete } = await conversation.hold(signal);
  if (!environment || !outcome) return { report: buildReport(identity, [], [], complete), files };
  return { report: ended(identity, environment, outcome, listen, complete), files };
}

/**
 * Follows a training run from outside of the tab that it runs in, so that its curves outlive that.
 */
export class TrainingJournal {
  readonly #host: Pick<RunnerHost, 'cases'>;
  readonly #request: TrainingRequest;
  readonly #listen: TrainingListener;
  readonly #partial: PartialTraining;
  #environment: Environment | undefined;

  constructor(host: Pick<RunnerHost, 'cases'>, request: TrainingRequest, listen: TrainingListener) {
    this.#host = host;
    this.#request = request;
    this.#listen = listen;
    this.#partial = new PartialTraining(request);
  }

  /** Takes what the run tells, and hands it on. */
  follow(event: TrainingEvent): void {
    if (event.type === 'environment') this.#environment = event.environment;
    else if (event.type !== 'end') this.#partial.add(event);
    this.#listen(event);
  }

  /**
   * The report of a run that is lost; undefined when it had no device yet, so that there is nothing
   * to tell.
   */
  async lost(code: string, reason: string): Promise<TrainingOutcome | undefined> {
    if (!this.#environment) return undefined;
    const outcome = this.#partial.outcome('lost', code, reason);
    const identity = await identityOf(this.#host, this.#request.seed);
    return { report: ended(identity, this.#environment, outcome, this.#listen, true), files: [] };
  }
}

function ended(
  identity: RunIdentity,
  environment: Environment,
  outcome: CaseOutcome,
  listen: TrainingListener,
  complete: boolean,
): Report {
  const result = { ...outcome, env: 0, attempts: 1 };
  listen({ type: 'end', result });
  return buildReport(identity, [environment], [result], complete);
}

/** The report of a run that was cancelled before it had a worker: no result, not complete. */
export async function untrained(
  host: Pick<RunnerHost, 'cases'>,
  { seed }: TrainingRequest,
): Promise<TrainingOutcome> {
  return { report: buildReport(await identityOf(host, seed), [], [], false), files: [] };
}

async function identityOf(
  { cases }: Pick<RunnerHost, 'cases'>,
  seed: number,
): Promise<RunIdentity> {
  const options = { tier: 'full', filters: [], shard: { index: 1, count: 1 }, seed } as const;
  return {
    kind: 'train',
    startedAt: new Date(),
    options,
    planHash: await planHash(planText(cases.values())),
  };
}
