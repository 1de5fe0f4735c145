import { finiteOrNull } from '../reference/judge.ts';
import { buildReport } from '../report/build.ts';
import { planHash, planText } from '../report/plan.ts';
import type { CaseResult, Environment, Report } from '../report/schema.ts';
import type { OutputFile } from '../train/adapter-files.ts';
import type { LlamaProgress } from '../train/llama/progress.ts';
import { withCause } from './cause.ts';
import { UnusableError } from './runner/unusable.ts';
import type { RunnerHost } from './runner.ts';
import type { Pause } from './training/pause.ts';
import type { Questions } from './tuning/questions.ts';
import type { CaseOutcome, FromWorker, StartMessage, TuneMessage } from './worker/messages.ts';
import { tuningId, tuningSuite } from './worker/tune-job.ts';

/** A fine-tuning of the model of a folder. */
export interface TuningRequest extends Omit<TuneMessage, 'type'> {
  /** Rows by which variants are chosen, before those that are checked in. Default none. */
  readonly tuned?: StartMessage['tuned'];
}

/** What it emits; `environment` comes first. */
export type TuningEvent =
  | { readonly type: 'environment'; readonly environment: Environment }
  | LlamaProgress
  /** What was trained, as soon as no more step is made. */
  | { readonly type: 'saved'; readonly files: readonly OutputFile[] }
  | { readonly type: 'end'; readonly result: CaseResult };

/** What a run can be told while it goes on. */
export interface TuningControls {
  readonly pause?: Pause | undefined;
  /** With it the run waits for questions after its last step, for `talkMs` of the request. */
  readonly questions?: Questions | undefined;
}

/** A finished run: its report of kind `train`, and what was trained. */
export interface TuningOutcome {
  readonly report: Report;
  readonly files: readonly OutputFile[];
}

/** Longest silence of a worker: a step of a large model on a processor takes minutes. Milliseconds. */
const SILENCE_MS = 1_800_000;

/**
 * Fine-tunes in a worker of its own and returns the report and the files. When `signal` aborts, the
 * worker ends after the step that it makes, what is trained is there, and the report is partial.
 * Throws UnusableError where there is no device.
 */
export async function tune(
  host: Pick<RunnerHost, 'cases' | 'startWorker'>,
  { tuned, ...job }: TuningRequest,
  listen: (event: TuningEvent) => void,
  signal: AbortSignal,
  controls: TuningControls = {},
): Promise<TuningOutcome> {
  const { seed } = job.config;
  const options = { tier: 'full', filters: [], shard: { index: 1, count: 1 }, seed } as const;
  const identity = {
    kind: 'train',
    startedAt: new Date(),
    options,
    planHash: await planHash(planText(host.cases.values())),
  } as const;
  const message: TuneMessage = { type: 'tune', ...job };
  const { environment, outcome, files } = await held(
    host,
    message,
    tuned,
    listen,
    signal,
    controls,
  );
  const result = { ...outcome, env: 0, attempts: 1 };
  listen({ type: 'end', result });
  return { report: buildReport(identity, [environment], [result], !signal.aborted), files };
}

interface Ended {
  readonly environment: Environment;
  readonly outcome: CaseOutcome;
  readonly files: readonly OutputFile[];
}

/** One talk with a worker, which it ends. */
function held(
  { startWorker }: Pick<RunnerHost, 'startWorker'>,
  message: TuneMessage,
  tuned: StartMessage['tuned'],
  listen: (event: TuningEvent) => void,
  signal: AbortSignal,
  { pause, questions }: TuningControls,
): Promise<Ended> {
  const link = startWorker();
  const partial = new PartialTuning(message);
  let environment: Environment | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const stop = () => link.post({ type: 'stop' });
  const leavePause = pause?.follow((paused) => link.post({ type: 'pause', paused }));
  const leaveQuestions = questions?.follow({
    ask: (id, question) => link.post({ type: 'ask', id, question }),
    drop: (id) => link.post({ type: 'drop', id }),
    close: () => link.post({ type: 'close' }),
  });
  return new Promise<Ended>((resolve, reject) => {
    const fail = (status: CaseOutcome['status'], code: string, reason: string) =>
      environment
        ? resolve({ environment, outcome: partial.outcome(status, code, reason), files: [] })
        : reject(new UnusableError(code, reason));
    const wait = () => {
      clearTimeout(silence);
      const late = `no word from the worker for ${SILENCE_MS} ms`;
      silence = setTimeout(() => fail('timeout', 'timeout', late), SILENCE_MS);
    };
    const hear = (answer: FromWorker) => {
      wait();
      if (answer.type === 'ready') {
        environment = answer.environment;
        listen({ type: 'environment', environment });
        link.post(message);
        if (signal.aborted) stop();
      } else if (answer.type === 'tuning') {
        partial.add(answer.progress);
        listen(answer.progress);
      } else if (answer.type === 'saved') {
        listen(answer);
      } else if (answer.type === 'answer') {
        questions?.hear(answer.id, answer.part);
      } else if (answer.type === 'trained' && environment) {
        resolve({ environment, outcome: answer.outcome, files: answer.files });
      } else if (answer.type === 'unusable') fail('error', answer.code, answer.message);
    };
    wait();
    signal.addEventListener('abort', stop);
    link.onMessage(hear);
    link.onDeath(({ code, reason }) => fail('lost', code, reason));
    link.post({ type: 'start', ...(tuned ? { tuned } : {}) });
  }).finally(() => {
    clearTimeout(silence);
    signal.removeEventListener('abort', stop);
    leavePause?.();
    leaveQuestions?.();
    link.terminate();
  });
}

/** What is known of a run whose worker died. */
class PartialTuning {
  readonly #message: TuneMessage;
  readonly #started = performance.now();
  readonly #series: { readonly loss: (number | null)[]; readonly heldout: (number | null)[] } = {
    loss: [],
    heldout: [],
  };

  constructor(message: TuneMessage) {
    this.#message = message;
  }

  add(progress: LlamaProgress): void {
    if (progress.type === 'step') this.#series.loss.push(finiteOrNull(progress.loss));
    if (progress.type === 'heldout') this.#series.heldout.push(finiteOrNull(progress.loss));
  }

  outcome(status: CaseOutcome['status'], code: string, reason: string): CaseOutcome {
    const { loss } = this.#series;
    return withCause({
      id: tuningId(this.#message),
      suite: tuningSuite(this.#message.config.type),
      backend: 'webgpu',
      covers: [],
      tier: 'full',
      status,
      durationMs: performance.now() - this.#started,
      assertions: 0,
      kernels: [],
      error: { code, message: `${reason} after step ${loss.length}` },
      series: this.#series,
    });
  }
}
