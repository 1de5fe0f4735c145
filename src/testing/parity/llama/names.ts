/** PEFT's name of DoRA's magnitudes; `magnitude`, as the op has it, is an older one. */
const MAGNITUDE = '.lora_magnitude_vector';

/** The name of a trained parameter, or of what is kept of it, by which the model has it. */
export function parameterName(recorded: string): string {
  return recorded.replace(MAGNITUDE, '.magnitude');
}

/**
 * The name of an output of a run: outcomes begin with `final.` whether they are of adapters or not,
 * for which a recording may say `lora.`.
 */
export function outputName(recorded: string): string {
  const name = parameterName(recorded);
  return name.startsWith('lora.') ? `final.${name.slice('lora.'.length)}` : name;
}

/** By which names a recording may have a tensor of the model: its own first. */
export function recordedNames(name: string): readonly string[] {
  return name.endsWith('.magnitude') ? [name.replace(/\.magnitude$/, MAGNITUDE), name] : [name];
}
