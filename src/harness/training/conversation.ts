import { afterAwake } from '../../awake-timer.ts';
import type { Environment } from '../../report/schema.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { UnusableError } from '../runner/unusable.ts';
import type { Questions } from '../tuning/questions.ts';
import type { CaseOutcome, FromWorker, StartMessage, WorkerLink } from '../worker/messages.ts';
import type { AnyProgress, TrainingKind } from './kind.ts';
import { PartialTraining } from './partial.ts';
import type { Pause } from './pause.ts';
import { SilenceLimit } from './silence-limit.ts';
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
  readonly questions?: Questions | undefined;
}

/** What the worker tells: where it computes, then how the run goes on. */
type Told = { readonly type: 'environment'; readonly environment: Environment } | AnyProgress;

/**
 * One talk with a worker: it gets a device, then the job, and tells its progress until it has an
 * outcome, dies or falls silent.
 */
export class TrainingConversation {
  readonly #link: WorkerLink;
  readonly #start: StartMessage;
  readonly #kind: TrainingKind;
  readonly #tell: (event: Told) => void;
  readonly #partial: PartialTraining;
  readonly #controls: TrainingControls;
  readonly #ended: Promise<TrainingEnd>;
  #resolve: (end: TrainingEnd) => void = () => {};
  #reject: (error: UnusableError) => void = () => {};
  #environment: Environment | undefined;
  /** What was trained, once all is learnt. */
  #saved: readonly OutputFile[] | undefined;
  #cancelSilence = () => {};
  readonly #limit: SilenceLimit;
  /** A run that was told to wait, or that waits for questions, may be silent. */
  #isWaiting = false;
  #isCancelled = false;

  constructor(
    link: WorkerLink,
    kind: TrainingKind,
    tell: (event: Told) => void,
    {
      tuned,
      ...controls
    }: TrainingControls & { readonly tuned?: StartMessage['tuned'] | undefined } = {},
  ) {
    this.#link = link;
    this.#kind = kind;
    this.#limit = new SilenceLimit(kind);
    this.#tell = tell;
    this.#controls = controls;
    this.#start = { type: 'start', ...(tuned ? { tuned } : {}) };
    this.#partial = new PartialTraining(kind.name);
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
    const cancel = () => this.#cancel();
    this.#link.onMessage((message) => this.#hear(message));
    this.#link.onDeath(({ code, reason }) => this.#end('lost', code, reason));
    signal?.addEventListener('abort', cancel);
    const { pause, skip, questions } = this.#controls;
    const leave = [
      pause?.follow((paused) => this.#link.post({ type: 'pause', paused })),
      skip?.follow((phase) => this.#link.post({ type: 'skip', phase })),
      questions?.follow((message) => this.#link.post(message)),
    ];
    this.#listen();
    this.#link.post(this.#start);
    if (signal?.aborted) cancel();
    try {
      return await this.#ended;
    } finally {
      this.#cancelSilence();
      signal?.removeEventListener('abort', cancel);
      for (const each of leave) each?.();
      this.#link.terminate();
    }
  }

  /** Of a run that has made its last step, a cancellation ends the talk alone. */
  #cancel(): void {
    this.#isCancelled ||= this.#saved === undefined;
    this.#limit.leaveSteps();
    if (this.#kind.whenCancelled === 'end')
      this.#end('error', 'interrupted', 'the run was cancelled');
    else this.#link.post({ type: this.#saved ? 'close' : 'stop' });
  }

  #hear(message: FromWorker): void {
    if (message.type === 'training') {
      const { type } = message.progress;
      this.#isWaiting = type === 'paused' || type === 'talking';
    }
    this.#limit.hear(message.type === 'training' ? message.progress : undefined);
    this.#listen();
    if (message.type === 'ready') {
      this.#environment = message.environment;
      this.#tell({ type: 'environment', environment: message.environment });
      this.#link.post(this.#kind.job);
    } else if (message.type === 'training') {
      if (message.progress.type === 'saved') this.#saved = message.progress.files;
      this.#partial.add(message.progress);
      this.#tell(message.progress);
    } else if (message.type === 'answer') {
      this.#controls.questions?.hear(message.id, message.part);
    } else if (message.type === 'trained' && this.#environment) {
      this.#resolve({
        environment: this.#environment,
        outcome: message.outcome,
        files: [...(this.#saved ?? []), ...message.files],
        complete: !this.#isCancelled,
      });
    } else if (message.type === 'unusable') {
      this.#end('error', message.code, message.message);
    }
  }

  #listen(): void {
    this.#cancelSilence();
    if (this.#isWaiting) return;
    const { ms } = this.#limit;
    this.#cancelSilence = afterAwake(ms, () =>
      this.#end('timeout', 'timeout', `no word from the worker for ${Math.ceil(ms)} ms`),
    );
  }

  #end(status: CaseOutcome['status'], code: string, reason: string): void {
    const complete = !this.#isCancelled;
    if (this.#environment) {
      this.#resolve({
        environment: this.#environment,
        outcome: this.#partial.outcome(status, code, reason),
        files: this.#saved ?? [],
        complete,
      });
    } else if (complete) this.#reject(new UnusableError(code, reason));
    else this.#resolve({ files: [], complete });
  }
}
