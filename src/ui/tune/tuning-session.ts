import { messageOf } from '../../errors.ts';
import { Pause } from '../../harness/training/pause.ts';
import { Questions } from '../../harness/tuning/questions.ts';
import type { TuningEvent } from '../../harness/tuning.ts';
import type { Report } from '../../report/schema.ts';
import { harness } from '../app/harness.ts';
import type { Notice } from '../controls/notice.ts';
import { Observable } from '../controls/observable.ts';
import { namedServers } from '../controls/served-address.ts';
import { FetchedModels } from '../fetched/fetched-models.ts';
import { Merging } from '../merge/merging.ts';
import type { MergingState } from '../merge/merging-state.ts';
import { keptRunOf } from '../resume/kept-choices.ts';
import { type HeldRun, type ResumableRun, ResumableRuns } from '../resume/resumable-runs.ts';
import { UnsavedResult } from '../resume/unsaved-result.ts';
import { asksItself } from './asks-itself.ts';
import { beginningsOf } from './beginnings.ts';
import { type Asked, Conversation } from './conversation.ts';
import { tuneOnReference } from './on-reference.ts';
import { type Prompt, promptOf } from './prompt.ts';
import { type SavingPlace, savingPlace } from './saving-place.ts';
import { type Sending, SentLog } from './sent-log.ts';
import { TunedShelf } from './tuned-shelf.ts';
import { tuningWords } from './tuning.en.ts';
import { TuningChoice } from './tuning-choice.ts';
import { afterSending, afterTuningEvent, leftFiles } from './tuning-events.ts';
import {
  type Keeping,
  runId,
  stepsOf,
  type TuningState,
  type TuningSubject,
  UNTUNED,
} from './tuning-state.ts';

/** How long the model of a run can be asked after its last step, each time anew: an hour. */
const TALK_MS = 3_600_000;

/** A question that is not put yet. */
export interface Draft extends Pick<Asked, 'sampled'> {
  readonly prompt?: string;
}

/** Where a run writes. */
interface Places {
  /** The model itself, where it is saved. */
  readonly place: SavingPlace | undefined;
  /** Takes the folder of its checkpoints, where this browser keeps any. */
  readonly hold: () => Promise<HeldRun | undefined>;
  /** The log, where it is sent. */
  readonly log: SentLog | undefined;
}

/** What a run is told. */
interface Controls {
  readonly abort: AbortController;
  readonly pause: Pause;
  readonly questions: Questions;
}

/** The one fine-tuning of a folder's model that the page makes. */
export class TuningSession {
  readonly state: Observable<TuningState>;
  readonly choice: TuningChoice;
  /** The runs that the person kept. */
  readonly kept = new TunedShelf();
  /** The models of servers that this browser keeps. */
  readonly fetched = new FetchedModels();
  /** The runs that ended before their last step, or whose results no person has. */
  readonly resumable = new ResumableRuns();
  /** That of the run that is shown. */
  readonly unsaved = new UnsavedResult();
  /** What merges the models of runs that have ended. */
  readonly merging: Merging;
  /** With the model of the last run. */
  readonly conversation = new Observable<Conversation | undefined>(undefined);
  /** What is asked next; a prompt that was not typed is the first of the beginnings. */
  readonly draft = new Observable<Draft>({ sampled: false });
  readonly #notice: Notice;
  #abort: AbortController | undefined;
  #pause = new Pause();
  #questions = new Questions();
  #over = Promise.resolve();

  /**
   * `state` and `merging` are there before the session: the page tells of what computes in every
   * view.
   */
  constructor(notice: Notice, state: Observable<TuningState>, merging: Observable<MergingState>) {
    this.state = state;
    this.merging = new Merging(
      merging,
      () => this.report(),
      (run) => this.unsaved.had(run),
    );
    this.#notice = notice;
    this.choice = new TuningChoice(notice);
  }

  /**
   * Fine-tunes what is chosen, or goes on with the run that it was chosen of; resolves when that has
   * ended and can be asked no more. Where the model itself is saved, a person is first asked for the
   * folder.
   */
  async start(
    subject: Pick<TuningSubject, 'model' | 'data'>,
    resumed?: ResumableRun,
  ): Promise<void> {
    const chosen = this.choice.chosen.value;
    const { form, traced, sent, sharding } = chosen;
    const { found } = this.choice.inspection.value;
    const request = found?.request;
    const { codec, ends, reads, texts } = found ?? {};
    if (this.#abort || !request || !codec || !ends || !reads) return;
    let place: SavingPlace | undefined;
    if (form) {
      await this.#notice.during(async () => {
        place = await savingPlace();
      });
      if (!place || this.#abort) return;
    }
    let prompt: Prompt | undefined;
    await this.#notice.during(async () => {
      prompt = await promptOf(codec, texts?.chats);
    });
    if (!prompt || this.#abort) return;
    const abort = await this.#begin();
    const pause = new Pause();
    const questions = new Questions();
    this.#pause = pause;
    this.#questions = questions;
    this.conversation.value = new Conversation(questions, codec, { prompt, reads, ends });
    const settings = { type: request.config.type, ...chosen.settings };
    const startedAt = resumed ? new Date(resumed.run.startedAt) : new Date();
    this.state.value = {
      ...UNTUNED,
      ...{ phase: 'starting', steps: [], log: [], traced: traced ?? false },
      isResumed: resumed !== undefined,
      subject: {
        ...{ ...subject, settings, startedAt },
        ...(chosen.kind === 'folder' && chosen.folder ? { folder: chosen.folder } : {}),
        ...(sharding ? { sharding } : {}),
      },
    };
    const save = form && place && { form, place: place.folder };
    const more = {
      ...(save ? { save } : {}),
      ...(traced ? { profile: true } : {}),
      ...(sharding ? { sharding } : {}),
    };
    const asked = { ...request, ...more, talkMs: TALK_MS };
    const hold = async () => {
      // One that is not to be had leaves the result before; one that begins needs its room.
      const held = resumed && (await this.resumable.resume(resumed));
      await this.unsaved.drop();
      if (held) return held;
      const run = keptRunOf(chosen, { startedAt, steps: request.steps });
      return await this.resumable.begin(run, chosen);
    };
    const sink = sent ? namedServers().sink : undefined;
    const tellSending = (sending: Sending) => {
      if (this.#questions === questions) this.state.value = afterSending(this.state.value, sending);
    };
    const log = sink === undefined ? undefined : new SentLog(sink, asked, tellSending);
    this.#over = this.#run(asked, { place, hold, log }, { abort, pause, questions });
    await this.#over;
  }

  /**
   * Fine-tunes what is chosen on the reference, where there is no WebGPU: it is not paused, asked or
   * kept for another tab.
   */
  async startOnReference(subject: Pick<TuningSubject, 'model' | 'data'>): Promise<void> {
    const { settings: chosen } = this.choice.chosen.value;
    const request = this.choice.inspection.value.found?.request;
    if (this.#abort || !request) return;
    if (request.saved) {
      this.#notice.value = tuningWords().adapter.onReference;
      return;
    }
    const abort = await this.#begin();
    this.conversation.value = undefined;
    const settings = { type: request.config.type, ...chosen };
    this.state.value = {
      ...UNTUNED,
      ...{ phase: 'starting', steps: [], log: [], slow: true, onReference: true },
      subject: { ...subject, settings, startedAt: new Date() },
    };
    const { folder, texts, config, base } = request;
    this.#over = tuneOnReference(
      { folder, texts, config, base },
      (event) => {
        this.state.value = { ...afterTuningEvent(this.state.value, event), answers: false };
      },
      abort.signal,
    )
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#end(abort));
    await this.#over;
  }

  /** Ends the talk with the model before, and returns what ends the run that begins. */
  async #begin(): Promise<AbortController> {
    const abort = new AbortController();
    this.#abort = abort;
    this.#questions.close();
    this.merging.forget();
    await this.#over;
    return abort;
  }

  #fail(error: unknown): void {
    const problem = messageOf(error);
    this.state.value = { ...this.state.value, phase: 'failed', problem, answers: false };
  }

  #end(abort: AbortController): void {
    if (this.#abort === abort) this.#abort = undefined;
  }

  async #run(
    request: Parameters<Awaited<ReturnType<typeof harness>>['tune']>[1],
    { place, hold, log }: Places,
    { abort, pause, questions }: Controls,
  ): Promise<void> {
    let held: HeldRun | undefined;
    /** Whether the model is in a folder of the person's own. */
    let isWritten = false;
    const follow = (event: TuningEvent) => {
      const { subject } = this.state.value;
      if (event.type === 'written' && place && subject) {
        isWritten = place.isChosen;
        void this.#notice.during(() => this.merging.show(runId(subject), place, event));
      }
      this.state.value = afterTuningEvent(this.state.value, event);
      log?.hear(event);
      if (event.type === 'saved') {
        this.#abort = undefined;
        void this.#saved(held, isWritten);
      }
      if (subject && asksItself(event, subject)) this.ask();
    };
    try {
      held = await hold();
      this.state.value = { ...this.state.value, keeping: keepingOf(held) };
      const { tune, cases, startWorker } = await harness();
      // The folder of a run that begins is empty.
      const checkpoints = held && { place: held.checkpoints, resume: true };
      const asked = { ...request, ...(checkpoints ? { checkpoints } : {}) };
      const { report, files } = await tune({ cases, startWorker }, asked, follow, abort.signal, {
        pause,
        questions,
      });
      this.state.value = {
        ...this.state.value,
        ...{ phase: 'ended', report, ...leftFiles(files), answers: false },
      };
    } catch (error) {
      this.#fail(error);
      await this.unsaved.giveBack();
    } finally {
      this.#end(abort);
      if (held && !this.unsaved.isOf(held)) await held.end(false);
      await log?.end(1);
    }
  }

  /** Of a run that made all its steps the checkpoints stay, unless the person has the model. */
  async #saved(held: HeldRun | undefined, isWritten: boolean): Promise<void> {
    const { subject, files, ...state } = this.state.value;
    const { done, total } = stepsOf(state);
    if (!held || !subject) return;
    const names = files.map(({ name }) => name);
    if (done < total) await held.end(false);
    else if (isWritten) await held.end(true);
    else this.unsaved.begin(runId(subject), held, names);
  }

  /** Asks the model of the run what is drafted. */
  ask(): void {
    const { draft, conversation } = this;
    const { prompt = this.beginnings[0] ?? '', sampled } = draft.value;
    conversation.value?.ask({ prompt, sampled });
  }

  /** Beginnings of texts to ask the model with. */
  get beginnings(): readonly string[] {
    const { found } = this.choice.inspection.value;
    if (!found?.codec || !found.plan) return [];
    return beginningsOf(found.plan, found.codec, found.texts?.chats !== undefined);
  }

  /** Ends the talk with the model, and gives the report of its run. */
  async report(): Promise<Report | undefined> {
    this.#questions.close();
    await this.#over;
    return this.state.value.report;
  }

  /** Lets the run wait before its next step. */
  pause(): void {
    if (this.state.value.phase !== 'running') return;
    this.#pause.on = true;
    this.state.value = { ...this.state.value, phase: 'pausing' };
  }

  /** Lets a run that waits go on. */
  resume(): void {
    const { phase } = this.state.value;
    if (phase !== 'pausing' && phase !== 'paused') return;
    this.#pause.on = false;
    if (phase === 'pausing') this.state.value = { ...this.state.value, phase: 'running' };
  }

  /** Ends the run after the step that it makes; what was trained is kept. */
  stop(): void {
    if (!this.#abort) return;
    this.state.value = { ...this.state.value, phase: 'stopping', stopped: true };
    this.#pause.on = false;
    this.#abort.abort();
  }
}

function keepingOf(held: HeldRun | undefined): Keeping {
  if (!held) return 'nothing';
  return held.isLasting ? 'lasting' : 'whileThereIsRoom';
}
