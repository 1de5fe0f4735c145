import { messageOf } from '../../errors.ts';
import { type ChosenFiles, chosenFolder } from '../../formats/hugging-face/folder-place.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';
import type { InspectedRequest } from '../../harness/tuning/read-request.ts';
import type { LlamaForecast } from '../../train/llama/forecast-llama.ts';
import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import type { WorkersChoice } from '../../train/llama/sharding-faults.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import { Later } from '../controls/later.ts';
import type { Notice } from '../controls/notice.ts';
import { Observable } from '../controls/observable.ts';
import { namesOf, requestReader } from './request-reader.ts';
import {
  besideAdapter,
  OWN_MODEL_SETTINGS,
  ofNewAdapter,
  type SettingField,
  type Settings,
  SMALL_MODEL_SETTINGS,
  withField,
  withMicroBatches,
} from './settings.ts';
import { smallModel } from './small-model.ts';
import { textsInWorker } from './texts-in-worker.ts';

/** Whose model is fine-tuned: that of the project, one of a folder, or one of bytes. */
export type ModelKind = 'small' | 'folder' | 'bytes';

/** A folder that a person chose. */
export interface ChosenFolder {
  readonly name: string;
  readonly place: ChosenFiles;
}

/** What is chosen of a fine-tuning. */
export interface TuningChoices {
  readonly kind: ModelKind;
  readonly folder?: ChosenFolder;
  /** Without it the project's own tales are learnt. */
  readonly data?: File;
  /** A saved adapter to go on from. Default a new one is drawn. */
  readonly adapter?: ChosenFolder;
  readonly settings: Settings;
  /** The file that the settings are of. */
  readonly settingsFile?: string;
  /** How the model itself is saved. Default what was trained alone is. */
  readonly form?: ModelFormName;
  /** Workers that train together. Default one does by itself. */
  readonly sharding?: WorkersChoice;
  /** Whether a trace of the dispatches is made. */
  readonly traced?: boolean;
  /** Whether the log is sent to the sink that the page's server knows. */
  readonly sent?: boolean;
}

/** What is known of what is chosen. */
export interface Inspection {
  /** Whether it is still read; the rest is of what was chosen before. */
  readonly reading: boolean;
  /** How many records of a data file have become tokens. */
  readonly progress?: { readonly done: number; readonly of: number };
  readonly found?: InspectedRequest;
  /** Where nothing is wrong. */
  readonly forecast?: LlamaForecast;
  /** Says why a run cannot be on an adapter of these limits; nothing where it can. */
  readonly refusal?: (limits: Readonly<Record<string, number>>) => string | undefined;
}

/** What a person chooses of a fine-tuning, and what is found when that is read. */
export class TuningChoice {
  readonly chosen = new Observable<TuningChoices>({
    kind: 'small',
    settings: SMALL_MODEL_SETTINGS,
  });
  readonly inspection = new Observable<Inspection>({ reading: false });
  readonly #notice: Notice;
  readonly #small = new Later(smallModel);
  /** Ends the reading that goes on. */
  #reading = new AbortController();
  /** The last choice whose reading has begun. */
  #read: TuningChoices | undefined;

  constructor(notice: Notice) {
    this.#notice = notice;
  }

  /** Another model has other usual settings. */
  choose(kind: ModelKind): void {
    const { chosen } = this;
    if (kind === chosen.value.kind) return;
    const { adapter } = chosen.value;
    this.#set({ ...withoutFile(chosen.value), kind, settings: usualSettings({ kind, adapter }) });
  }

  /** Takes the files of a folder; what lies in folders inside of it is left out. */
  takeFolder(called: string, files: readonly File[]): void {
    const place = chosenFolder(files);
    const name = called || 'model';
    const { chosen } = this;
    const settings =
      chosen.value.kind === 'folder'
        ? chosen.value.settings
        : usualSettings({ kind: 'folder', adapter: chosen.value.adapter });
    this.#set({ ...chosen.value, kind: 'folder', folder: { name, place }, settings });
  }

  /** Takes a file with texts; undefined goes back to the tales of the project. */
  takeData(file: File | undefined): void {
    const { data: _, ...rest } = this.chosen.value;
    this.#set(file ? { ...rest, data: file } : rest);
  }

  /**
   * Takes the files of a saved adapter to go on from; undefined for a new one. What is usual of a new
   * one is left out of settings beside a saved one, unless they are of a file.
   */
  takeAdapter(files: readonly File[] | undefined): void {
    const { adapter: _, ...rest } = this.chosen.value;
    const { settings: given, settingsFile, kind } = rest;
    const usual = usualSettings({ kind });
    const settingsBy = (change: typeof besideAdapter) =>
      settingsFile === undefined ? change(given, usual) : given;
    if (!files) this.#set({ ...rest, settings: settingsBy(ofNewAdapter) });
    else {
      const name = files[0]?.webkitRelativePath.split('/').at(-2) || 'adapter';
      const place = chosenFolder(files);
      this.#set({ ...rest, adapter: { name, place }, settings: settingsBy(besideAdapter) });
    }
  }

  /** Takes a file of settings; one that is no JSON object is refused in one line. */
  async takeSettings(file: File): Promise<void> {
    await this.#notice.during(async () => {
      const text = new TextDecoder().decode(await bytesOf(file, 'config'));
      const settings = parseJsonObject(text, file.name);
      this.#set({ ...this.chosen.value, settings, settingsFile: file.name });
    });
  }

  /** Goes back to the usual settings of the model. */
  resetSettings(): void {
    const { value } = this.chosen;
    this.#set({ ...withoutFile(value), settings: usualSettings(value) });
  }

  /** Leaves out of the settings what is refused. */
  async repairSettings(): Promise<void> {
    const { repairedConfig } = await import('../../train/llama/config/repaired-config.ts');
    const refused = (this.inspection.value.found?.faults ?? []).flatMap(
      ({ part, path, without = path === undefined ? [] : [path] }) =>
        part === 'settings' ? without : [],
    );
    const { settings } = this.chosen.value;
    this.#set({ ...this.chosen.value, settings: repairedConfig(settings, refused) });
  }

  /** Takes what was typed into a field. */
  setField(field: SettingField, text: string): void {
    const { settings } = this.chosen.value;
    this.#set({ ...this.chosen.value, settings: withField(settings, field, text) });
  }

  /** Takes how the model itself is saved; undefined for what was trained alone. */
  takeForm(form: ModelFormName | undefined): void {
    const { form: _, ...rest } = this.chosen.value;
    this.#set(form ? { ...rest, form } : rest);
  }

  /**
   * Takes how many workers train together, with as many micro-batches a step as they share; undefined
   * for one by itself.
   */
  takeSharding(sharding: WorkersChoice | undefined): void {
    const { sharding: _, ...rest } = this.chosen.value;
    const settings = withMicroBatches(rest.settings, sharding?.workers ?? 1);
    this.#set(sharding ? { ...rest, sharding, settings } : rest);
  }

  /** Takes what is told of a run besides, which changes nothing of what was read. */
  takeTold(told: Pick<TuningChoices, 'traced' | 'sent'>): void {
    const isRead = this.#read === this.chosen.value;
    this.chosen.value = { ...this.chosen.value, ...told };
    if (isRead) this.#read = this.chosen.value;
  }

  /** Takes what a run was started with, and reads it. */
  async restore(choices: TuningChoices): Promise<void> {
    const { kind, adapter, settings } = choices;
    // Earlier versions kept what is usual of a new adapter beside a saved one.
    this.chosen.value = adapter
      ? { ...choices, settings: besideAdapter(settings, usualSettings({ kind })) }
      : choices;
    await this.inspect();
  }

  /** Reads what is chosen, unless that is read already. */
  async inspect(): Promise<void> {
    const chosen = this.chosen.value;
    if (chosen === this.#read || chosen.kind === 'bytes') return;
    this.#read = chosen;
    this.#reading.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    const { progress: _, ...before } = this.inspection.value;
    this.inspection.value = { ...before, reading: true };
    try {
      const found = await this.#found(chosen, signal);
      if (!signal.aborted) this.inspection.value = { reading: false, ...found };
    } catch (error) {
      if (signal.aborted) return;
      this.#read = undefined; // the network may be back
      this.inspection.value = { reading: false };
      await this.#notice.during(() => Promise.reject(error));
    }
  }

  async #found(
    { kind, folder, data, adapter, settings, form, sharding }: TuningChoices,
    signal: AbortSignal,
  ): Promise<Omit<Inspection, 'reading'>> {
    const model = kind === 'small' ? await this.#small.get() : folder?.place;
    if (!model) return {};
    const reader = await requestReader();
    const { inspectRequest, openWebFolder, forecastLlama, requireRoom } = reader;
    const found = await inspectRequest({
      ...namesOf(kind === 'small' ? undefined : folder?.name),
      ...{ model, adapter: adapter?.place, openFolder: openWebFolder },
      given: settings,
      openData: async () => undefined,
      readTexts:
        data &&
        ((config) =>
          textsInWorker(
            {
              folder: model,
              data,
              settings: { dataFormat: config.dataFormat, length: config.length },
            },
            (done, of) => this.#tellProgress({ done, of }, signal),
            signal,
          )),
    });
    const { request, plan } = found;
    if (!request || !plan || !found.model || !found.folder) return { found };
    if (form)
      try {
        await reader.checkForm(found.folder, found.model, form, request.config.adapter);
      } catch (error) {
        const fault = { part: 'model', message: messageOf(error) } as const;
        const { request: _, ...rest } = found;
        return { found: { ...rest, faults: [fault] } };
      }
    const unshared = sharding ? reader.shardingFaults(request.config, sharding) : [];
    if (unshared.length > 0) {
      const { request: _, ...rest } = found;
      return {
        found: { ...rest, faults: unshared.map((message) => ({ part: 'settings', message })) },
      };
    }
    const forecast = forecastLlama(
      found.model,
      request.config,
      plan.longest,
      sharding,
      found.codes,
    );
    const refusal = (limits: Readonly<Record<string, number>>) => {
      try {
        requireRoom(forecast, limits);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    };
    return { found, forecast, refusal };
  }

  #tellProgress(
    progress: { readonly done: number; readonly of: number },
    signal: AbortSignal,
  ): void {
    if (!signal.aborted) this.inspection.value = { ...this.inspection.value, progress };
  }

  #set(chosen: TuningChoices): void {
    this.chosen.value = chosen;
    void this.inspect();
  }
}

function usualSettings({
  kind,
  adapter,
}: {
  readonly kind: ModelKind;
  readonly adapter?: ChosenFolder | undefined;
}): Settings {
  const usual = kind === 'small' ? SMALL_MODEL_SETTINGS : OWN_MODEL_SETTINGS;
  return adapter ? besideAdapter(usual, usual) : usual;
}

function withoutFile({ settingsFile: _, ...choices }: TuningChoices): TuningChoices {
  return choices;
}
