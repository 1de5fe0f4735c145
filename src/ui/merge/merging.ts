import { messageOf } from '../../errors.ts';
import type { TuningEvent } from '../../harness/tuning.ts';
import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { harness } from '../app/harness.ts';
import type { Observable } from '../controls/observable.ts';
import { type SavingPlace, savingPlace, writtenFiles } from '../tune/saving-place.ts';
import { mergeRequest } from './merge-request.ts';
import {
  type MergeOutcome,
  type MergingState,
  UNMERGED,
  type WrittenModel,
} from './merging-state.ts';
import type { TrainedModel } from './trained-model.ts';

/** That a model was written. */
export type Written = Extract<TuningEvent, { readonly type: 'written' }>;

/** Merges what runs that have ended have trained into their models: one at a time. */
export class Merging {
  readonly state: Observable<MergingState>;
  readonly #freeDevice: () => Promise<unknown>;
  readonly #had: (run: string) => Promise<void>;
  #abort: AbortController | undefined;

  /**
   * `freeDevice` ends the talk with a model, so that the device holds one at a time; `had` hears that
   * a person has the merged model of a run.
   */
  constructor(
    state: Observable<MergingState>,
    freeDevice: () => Promise<unknown>,
    had: (run: string) => Promise<void>,
  ) {
    this.state = state;
    this.#freeDevice = freeDevice;
    this.#had = had;
  }

  /** Writes the merged model where a person chooses; nothing begins where they choose nothing. */
  async merge(trained: TrainedModel, form: ModelFormName): Promise<void> {
    if (this.#abort) return;
    const { run } = trained;
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const place = await savingPlace();
      if (!place) return;
      this.state.value = { ...UNMERGED, phase: 'saving', run };
      const outcome = await this.#merged(trained, { form, place }, abort.signal);
      this.#end(run, outcome);
      if (outcome.kind === 'written' && place.isChosen) await this.#had(run);
    } catch (error) {
      this.#end(run, { kind: 'failed', problem: messageOf(error) });
    } finally {
      this.#abort = undefined;
    }
  }

  #end(run: string, outcome: MergeOutcome): void {
    this.state.value = { ...UNMERGED, phase: 'ended', run, outcome };
  }

  async #merged(
    trained: TrainedModel,
    { form, place }: { readonly form: ModelFormName; readonly place: SavingPlace },
    signal: AbortSignal,
  ): Promise<MergeOutcome> {
    await this.#freeDevice();
    const request = await mergeRequest(trained, form);
    const { tune, cases, startWorker } = await harness();
    let written: Written | undefined;
    const follow = (event: TuningEvent) => {
      if (event.type === 'written') written = event;
      if (event.type === 'writing')
        this.state.value = { ...this.state.value, done: event.done, total: event.of };
    };
    const save = { form, place: place.folder };
    const { report } = await tune({ cases, startWorker }, { ...request, save }, follow, signal);
    const error = report.results[0]?.error;
    if (written && !error) return { kind: 'written', written: await asWritten(place, written) };
    if (signal.aborted) return { kind: 'cancelled' };
    return { kind: 'failed', problem: error?.message ?? '' };
  }

  /** Ends what is written after the value that is made. */
  cancel(): void {
    if (!this.#abort) return;
    this.state.value = { ...this.state.value, phase: 'stopping' };
    this.#abort.abort();
  }

  /** All files that were written of a run's model are saved. */
  async saved(run: string): Promise<void> {
    await this.#had(run);
  }

  /** Forgets what was written: a run begins, which may write another model in its place. */
  forget(): void {
    this.state.value = UNMERGED;
  }

  /** Shows what a run wrote after its last step. */
  async show(run: string, place: SavingPlace, event: Written): Promise<void> {
    const written = await asWritten(place, event);
    this.state.value = { ...UNMERGED, run, outcome: { kind: 'written', written } };
  }
}

async function asWritten(
  place: SavingPlace,
  { files: names, error }: Written,
): Promise<WrittenModel> {
  return {
    files: await writtenFiles(place, names),
    ...(place.isChosen ? { folder: place.folder.name } : {}),
    ...(error ? { ofChange: error.ofChange } : {}),
  };
}
