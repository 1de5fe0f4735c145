import { retrainedOf } from '../../../models/llama/lora/retrained.ts';

/** PEFT's name of DoRA's magnitudes; `magnitude`, as the op has it, is an older one. */
const MAGNITUDE = '.lora_magnitude_vector';

/** Where PEFT has a module that it trains whole, and the bias of one with an adapter. */
const OF_PEFT = ['.modules_to_save', '.base_layer'] as const;

/** The name of a trained parameter, or of what is kept of it, by which the model has it. */
export function parameterName(recorded: string): string {
  return OF_PEFT.reduce(
    (name, inner) => name.replace(`${inner}.`, '.'),
    recorded.replace(MAGNITUDE, '.magnitude'),
  );
}

/**
 * The name of an output of a run: outcomes begin with `final.` whether they are of adapters or not,
 * for which a recording may say `lora.`.
 */
export function outputName(recorded: string): string {
  const name = parameterName(recorded);
  return name.startsWith('lora.') ? `final.${name.slice('lora.'.length)}` : name;
}

/** The name of a parameter of ours: a copy that is trained goes by that of what it is a copy of. */
export const nameInModel = (parameter: string): string => retrainedOf(parameter) ?? parameter;

/** By which names a recording may have a tensor of the model: its own first. */
export function recordedNames(name: string): readonly string[] {
  if (name.endsWith('.magnitude')) return [name.replace(/\.magnitude$/, MAGNITUDE), name];
  const part = /\.(weight|bias)$/.exec(name)?.[0];
  if (part === undefined) return [name];
  return [name, ...OF_PEFT.map((inner) => name.slice(0, -part.length) + inner + part)];
}
