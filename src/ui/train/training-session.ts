import { SHORTEST_TEXT } from '../../data/text.ts';
import { messageOf } from '../../errors.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { Pause } from '../../harness/training/pause.ts';
import { Skip } from '../../harness/training/skip.ts';
import type { TrainingEvent, TrainingRequest } from '../../harness/training.ts';
import { harness } from '../app/harness.ts';
import type { AdapterFacts } from '../check/words.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import type { Notice } from '../controls/notice.ts';
import { Observable } from '../controls/observable.ts';
import { dropWords } from '../drop/drop.en.ts';
import { MeasuredTables } from './measured-tables.ts';
import { afterTrainingEvent, canPause } from './training-events.ts';
import { type TrainingState, UNTRAINED } from './training-state.ts';

/** A text to learn from. */
export interface TrainingText {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The one fine-tuning run of the page. */
export class TrainingSession {
  readonly state: Observable<TrainingState>;
  /** The text that was dropped or chosen; without one the project's own is used. */
  readonly text = new Observable<TrainingText | undefined>(undefined);
  readonly #notice: Notice;
  readonly #tables = new MeasuredTables('measured-for-training');
  #abort: AbortController | undefined;
  #pause = new Pause();
  readonly #skip = new Skip();

  /** `state` is there before the session: the page tells of a run in every view. */
  constructor(notice: Notice, state: Observable<TrainingState>) {
    this.#notice = notice;
    this.state = state;
  }

  /** Takes a text to learn from; one that is too short or cannot be read is refused in one line. */
  async take(file: File): Promise<void> {
    await this.#notice.during(async () => {
      if (file.size < SHORTEST_TEXT)
        throw new Error(dropWords().tooShort(file.name, file.size, SHORTEST_TEXT));
      this.text.value = { name: file.name, bytes: await bytesOf(file, 'text') };
    });
  }

  /**
   * Fine-tunes; resolves when the run has ended, however it ended. With `measured`, the adapter on
   * which it will run, variants are chosen by what is fastest there, which is measured once.
   */
  async start({
    measured,
    ...settings
  }: Pick<TrainingRequest, 'steps' | 'seed'> & {
    readonly measured?: AdapterFacts | undefined;
  }): Promise<void> {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    const pause = new Pause();
    this.#pause = pause;
    this.state.value = { ...UNTRAINED, phase: 'starting' };
    try {
      const { train, cases, startWorker } = await harness();
      const text = this.text.value?.bytes ?? (await ownText(abort.signal));
      const follow = (event: TrainingEvent) => {
        this.state.value = afterTrainingEvent(this.state.value, event);
      };
      const tuned = measured && (await this.#tableOf(measured, abort.signal));
      const { report, files } = await train(
        { cases, startWorker },
        { text, ...settings, ...(tuned ? { tuned } : {}) },
        follow,
        abort.signal,
        { pause, skip: this.#skip },
      );
      this.state.value = { ...this.state.value, phase: 'ended', report, files };
    } catch (error) {
      this.state.value = abort.signal.aborted
        ? UNTRAINED
        : { ...this.state.value, phase: 'failed', problem: messageOf(error) };
    } finally {
      this.#abort = undefined;
    }
  }

  async #tableOf(adapter: AdapterFacts, signal: AbortSignal): Promise<readonly TuningRow[]> {
    return await this.#tables.rowsFor(adapter, async (before) => {
      this.state.value = { ...this.state.value, measures: true };
      const { measuredInWorker } = await import('../../bench/tuner/measured-in-worker.ts');
      const table = await measuredInWorker(signal, before);
      this.state.value = { ...this.state.value, measures: false };
      return table;
    });
  }

  /** Lets the run wait before its next step. */
  pause(): void {
    const { phase, doing } = this.state.value;
    if (phase !== 'running' || !canPause(doing)) return;
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

  /** Leaves out the rest of what the run does, where it can be. */
  skip(): void {
    const { doing, skippable } = this.state.value;
    if (!doing || !skippable) return;
    this.#skip.rest(doing);
    this.state.value = { ...this.state.value, skippable: false };
  }

  /** Ends the run early; its curve stays. */
  stop(): void {
    if (!this.#abort) return;
    this.state.value = { ...this.state.value, phase: 'stopping' };
    this.#abort.abort();
  }
}

/** The project's own TypeScript, WGSL and Markdown, packed beside the page by the build. */
async function ownText(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL('corpus.txt', document.baseURI), { signal });
  if (!response.ok)
    throw new Error(
      `corpus.txt beside this page could not be read (${response.status}): drop a text of your own instead`,
    );
  return new Uint8Array(await response.arrayBuffer());
}
