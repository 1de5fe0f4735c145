import type { Environment } from '../../report/schema.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import type { TrainingProgress } from '../../train/progress.ts';
import { UnusableError } from '../runner/unusable.ts';
import type {
  CaseOutcome,
  FromWorker,
  StartMessage,
  TrainMessage,
  WorkerLink,
} from '../worker/messages.ts';
import { PartialTraining } from './partial.ts';
import type { Pause } from './pause.ts';
import type { Skip } from './skip.ts';

/**
 * How a run ended. Without environment and outcome it was cancelled before the worker had a device.
 */
export interface TrainingEnd {
  readonly environment?: Environment;
  readonly outcome?: CaseOutcome;
  readonly files: readonly OutputFile[];
  readonly complete: boolean;
}

/** What a run can be told while it goes on. */
export interface TrainingControls {
  readonly pause?: Pause | undefined;
  readonly skip?: Skip | undefined;
}

/** What the worker tells: where it computes, then how the run goes on. */
type Told = { readonly type: 'environment'; readonly environment: Environment } | TrainingProgress;

/** Longest silence of a worker, which speaks every few steps. Milliseconds. */
const SILENCE_MS = 120_000;

/**
 * One talk with a worker: it gets a device, then the job, and tells its progress until it has an
 * outcome, dies or falls silent.
 */
export class TrainingConversation {
  readonly #link: WorkerLink;
  readonly #start: StartMessage;
  readonly #job: TrainMessage;
  readonly #tell: (event: Told) => void;
  readonly #partial: PartialTraining;
  readonly #controls: TrainingControls;
  readonly #ended: Promise<TrainingEnd>;
  #resolve: (end: TrainingEnd) => void = () => {};
  #reject: (error: UnusableError) => void = () => {};
  #environment: Environment | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    link: WorkerLink,
    job: TrainMessage,
    tell: (event: Told) => void,
    {
      tuned,
      ...controls
    }: TrainingControls & { readonly tuned?: StartMessage['tuned'] | undefined } = {},
  ) {
    this.#link = link;
    this.#job = job;
    this.#tell = tell;
    this.#controls = controls;
    this.#start = { type: 'start', ...(tuned ? { tuned } : {}) };
    this.#partial = new PartialTraining(job);
    this.#ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /**
   * Holds the talk and ends the worker. Throws {@link UnusableError} when the worker gets no
   * device.
   */
  async hold(signal: AbortSignal | undefined): Promise<TrainingEnd> {
    const cancel = () => this.#end('error', 'interrupted', 'the run was cancelled');
    this.#link.onMessage((message) => this.#hear(message));
    this.#link.onDeath(({ code, reason }) => this.#end('lost', code, reason));
    signal?.addEventListener('abort', cancel);
    const { pause, skip } = this.#controls;
    const leavePause = pause?.follow((paused) => this.#link.post({ type: 'pause', paused }));
    const leaveSkip = skip?.follow((phase) => this.#link.post({ type: 'skip', phase }));
    this.#listen();
    this.#link.post(this.#start);
    if (signal?.aborted) cancel();
    try {
      return await this.#ended;
    } finally {
      clearTimeout(this.#silence);
      signal?.removeEventListener('abort', cancel);
      leavePause?.();
      leaveSkip?.();
      this.#link.terminate();
    }
  }

  #hear(message: FromWorker): void {
    // A paused run is silent for as long as it is told to wait.
    if (message.type === 'training' && message.progress.type === 'paused')
      clearTimeout(this.#silence);
    else this.#listen();
    if (message.type === 'ready') {
      this.#environment = message.environment;
      this.#tell({ type: 'environment', environment: message.environment });
      this.#link.post(this.#job);
    } else if (message.type === 'training') {
      this.#partial.add(message.progress);
      this.#tell(message.progress);
    } else if (message.type === 'trained' && this.#environment) {
      this.#resolve({
        environment: this.#environment,
        outcome: message.outcome,
        files: message.files,
        complete: true,
      });
    } else if (message.type === 'unusable') {
      this.#end('error', message.code, message.message);
    }
  }

  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(
      () => this.#end('timeout', 'timeout', `no word from the worker for ${SILENCE_MS} ms`),
      SILENCE_MS,
    );
  }

  #end(status: CaseOutcome['status'], code: string, reason: string): void {
    const complete = code !== 'interrupted';
    if (this.#environment) {
      this.#resolve({
        environment: this.#environment,
        outcome: this.#partial.outcome(status, code, reason),
        files: [],
        complete,
      });
    } else if (complete) this.#reject(new UnusableError(code, reason));
    else this.#resolve({ files: [], complete });
  }
}
