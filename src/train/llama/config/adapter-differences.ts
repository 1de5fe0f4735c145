import type { Architecture } from '../../../formats/hugging-face/architecture.ts';
import { shown } from '../../../formats/hugging-face/fields.ts';
import { isJsonObject, type JsonObject } from '../../../formats/strict-json.ts';
import { AdapterError } from '../../../models/llama/lora/adapter-error.ts';
import { adapterTargets, USUAL_TARGETS } from '../../../models/llama/lora/targets.ts';
import { FSDP_QLORA_TARGETS } from './fsdp-qlora-targets.ts';
import { type LoraFields, loraFields } from './lora-fields.ts';
import type { TrainingConfigFault } from './training-config-error.ts';

/** Fields of an adapter, with what PEFT does where a configuration leaves one out. */
const USUAL: Readonly<Record<string, unknown>> = {
  ...{ r: undefined, lora_alpha: undefined, lora_dropout: undefined },
  ...{ target_modules: USUAL_TARGETS, exclude_modules: [], modules_to_save: [] },
  ...{ layers_to_transform: [], layers_pattern: [], rank_pattern: {}, alpha_pattern: {} },
  ...{ use_rslora: false, use_dora: false, bias: 'none', lora_bias: false },
};

/** Fields in which one name alone means a list of it; of the others a text is an expression. */
const OF_BLOCKS: readonly string[] = ['layers_to_transform', 'layers_pattern'];

/**
 * What settings say of adapters that a saved one's configuration says otherwise, a fault for each
 * field. Of `model`, where it is known, two ways of naming the same targets are no difference: PEFT
 * saves `all-linear` as a list.
 */
export function adapterDifferences(
  settings: JsonObject,
  saved: LoraFields,
  model?: Architecture,
): readonly TrainingConfigFault[] {
  return given(settings).flatMap(({ path, name, value }) => {
    const theirs = saidOf(saved, name);
    const isSame =
      canonical(name, value) === canonical(name, theirs) ||
      (name === 'target_modules' && model !== undefined && meetsTheSame(model, saved, value));
    if (isSame) return [];
    return [
      {
        code: 'differs-from-adapter',
        path,
        message: `${path} is ${shown(value)}, and the saved adapter has ${shown(theirs)}`,
        suggestion: 'leave it out: a saved adapter goes on by its own configuration',
      },
    ];
  });
}

/** A field of an adapter as settings give it. */
interface Given {
  readonly path: string;
  readonly name: string;
  readonly value: unknown;
}

/** What settings say of adapters, as far as it is in range; the rest is told elsewhere. */
function given({ lora, lora_target_modules: named }: JsonObject): readonly Given[] {
  const own = isJsonObject(lora) ? lora : {};
  const { fields, faults } = loraFields(own);
  const wrong = new Set(faults.map(({ path }) => path.split('.')[1]));
  const inLora = Object.keys(own)
    .filter((name) => own[name] !== null && Object.hasOwn(USUAL, name) && !wrong.has(name))
    .map((name) => ({
      ...{ path: `lora.${name}`, name },
      value: fields?.[name as keyof LoraFields],
    }));
  const targets = FSDP_QLORA_TARGETS[named as keyof typeof FSDP_QLORA_TARGETS];
  if (targets === undefined) return inLora;
  return [...inLora, { path: 'lora_target_modules', name: 'target_modules', value: targets }];
}

const saidOf = (fields: LoraFields, name: string): unknown =>
  fields[name as keyof LoraFields] ?? USUAL[name];

/** A value such that two which mean the same are one: lists have no order, patterns have. */
function canonical(name: string, value: unknown): string {
  const isAlone = OF_BLOCKS.includes(name) && !Array.isArray(value);
  const whole = isAlone || value === '' ? [value].filter((each) => each !== '') : value;
  if (Array.isArray(whole)) return JSON.stringify([...new Set(whole.map(String))].sort());
  return isJsonObject(whole) ? JSON.stringify(Object.entries(whole)) : JSON.stringify(whole);
}

/** Whether these targets are the modules that the saved adapter has. */
function meetsTheSame(model: Architecture, saved: LoraFields, value: unknown): boolean {
  const target_modules = value as LoraFields['target_modules'];
  try {
    const [ours, theirs] = [{ ...saved, target_modules }, saved].map((rules) => [
      ...adapterTargets(model, rules).keys(),
    ]);
    return JSON.stringify(ours) === JSON.stringify(theirs);
  } catch (error) {
    if (error instanceof AdapterError) return false;
    throw error;
  }
}
