import { isJsonObject, type JsonObject } from '../../formats/strict-json.ts';
import {
  isTrainingType,
  TRAINING_TYPES,
  type TrainingType,
  USUAL_TYPE,
} from '../../train/llama/config/types.ts';

/** Settings as a file has them; what is left out is as usual. */
export type Settings = JsonObject;

/**
 * For Gradproof's small model: it learns another world's tales within these steps. Measured with the
 * first seed on SwiftShader, the held-out loss went from 10.1 to 3.6 nats a token in 60 steps.
 */
export const SMALL_MODEL_SETTINGS: Settings = {
  type: 'qlora',
  max_steps: 100,
  learning_rate: 5e-3,
  warmup_ratio: 0.05,
  eval_steps: 25,
  heldout_fraction: 0.04,
  lora: { r: 16, lora_alpha: 32, target_modules: 'all-linear' },
};

/** For a model of one's own: the defaults of the command line, and an end. */
export const OWN_MODEL_SETTINGS: Settings = {
  type: 'qlora',
  max_steps: 100,
  learning_rate: 2e-4,
  eval_steps: 25,
  lora: { r: 16, lora_alpha: 32 },
};

/** What has a field of its own, by its path in a file of settings. */
export const SETTING_FIELDS = [
  'type',
  'max_steps',
  'lora.r',
  'learning_rate',
  'max_length',
] as const;
export type SettingField = (typeof SETTING_FIELDS)[number];

/** What a field holds; empty where settings leave it out, but for the type that is trained then. */
export function textOf(settings: Settings, field: SettingField): string {
  if (field === 'type' && settings['type'] === undefined) return USUAL_TYPE;
  const value = field === 'lora.r' ? loraOf(settings)['r'] : settings[field];
  return value === undefined || value === null ? '' : String(value);
}

/**
 * Settings with a field as it was typed: a number where it is one, else the text, which is then told
 * as a fault. Emptied, it is as usual.
 */
export function withField(settings: Settings, field: SettingField, text: string): Settings {
  const typed = text.trim();
  const value =
    field === 'type' || typed === '' || Number.isNaN(Number(typed)) ? typed : Number(typed);
  if (field === 'type') return ofType(settings, typed);
  if (field === 'lora.r') return { ...settings, lora: changed(loraOf(settings), 'r', value) };
  return changed(settings, field, value);
}

/** Settings with so many micro-batches a step, or more where they have more. */
export function withMicroBatches(settings: Settings, least: number): Settings {
  const { gradient_accumulation_steps: given = 1 } = settings;
  return typeof given === 'number' && given < least
    ? { ...settings, gradient_accumulation_steps: least }
    : settings;
}

/**
 * Settings beside a saved adapter, which has rank and targets of its own: without what is `usual` of
 * a new one. What a person gave otherwise stays, to be told as a fault.
 */
export function besideAdapter(settings: Settings, usual: Settings): Settings {
  const news = loraOf(usual);
  const own = Object.entries(loraOf(settings)).filter(([name, value]) => value !== news[name]);
  return isJsonObject(settings['lora'])
    ? changed(settings, 'lora', own.length > 0 ? Object.fromEntries(own) : '')
    : settings;
}

/** Settings of a new adapter: with what is `usual` of one where they say nothing of it. */
export function ofNewAdapter(settings: Settings, usual: Settings): Settings {
  return hasRank(settings)
    ? { ...settings, lora: { ...loraOf(usual), ...loraOf(settings) } }
    : settings;
}

/** Whether a type trains adapters, which have a rank. */
export function hasRank(settings: Settings): boolean {
  return adapterOf(settings['type']) !== undefined;
}

/** A type without adapters knows no `lora`. */
function ofType(settings: Settings, type: string): Settings {
  const given = adapterOf(type) === undefined ? changed(settings, 'lora', '') : settings;
  return { ...given, type };
}

const adapterOf = (type: unknown): TrainingType['adapter'] =>
  isTrainingType(type) ? (TRAINING_TYPES[type] as TrainingType).adapter : 'together';

const loraOf = ({ lora }: Settings): JsonObject => (isJsonObject(lora) ? lora : {});

function changed(object: JsonObject, name: string, value: unknown): JsonObject {
  const { [name]: _, ...rest } = object;
  return value === '' ? rest : { ...rest, [name]: value };
}
