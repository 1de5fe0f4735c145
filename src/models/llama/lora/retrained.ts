import {
  type Architecture,
  EMBEDDINGS,
  HEAD,
  tensorShapes,
} from '../../../formats/hugging-face/architecture.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { AdapterError } from './adapter-error.ts';
import { moduleNames } from './module-names.ts';

/** What of a model is trained itself beside its adapters; fields of PEFT's LoraConfig. */
export interface RetrainedRules {
  /** The biases of all linears, or of those that have an adapter. */
  readonly bias: 'none' | 'all' | 'lora_only';
  /** Ends of the names of modules. */
  readonly modules_to_save: readonly string[];
}

/** A tensor that is trained itself. */
export interface Retrained {
  readonly shape: Shape;
  /** The tensor of the model that it starts from: a tied head has the embeddings'. */
  readonly source: string;
}

const PREFIX = 'retrained.';

/** The name of the trained copy of a tensor; the model keeps the frozen one too. */
export const retrainedName = (name: string): string => PREFIX + name;

/** The tensor whose trained copy has this name; undefined for other names. */
export const retrainedOf = (name: string): string | undefined =>
  name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;

/**
 * The tensors that are trained themselves, by their names in the model, as PEFT finds them
 * (_mark_only_adapters_as_trainable of tuners_utils.py, _set_trainable of utils/other.py): a
 * module's name ends in what is asked for. `adapted` are the modules that have an adapter. Throws
 * {@link AdapterError} for what meets nothing, a module that holds others, or one with an adapter.
 */
export function retrainedTensors(
  model: Architecture,
  { bias, modules_to_save }: RetrainedRules,
  adapted: { readonly has: (module: string) => boolean },
): ReadonlyMap<string, Retrained> {
  const shapes = tensorShapes({ ...model, tied: false });
  const saved = savedModules(model, modules_to_save, shapes);
  const both = [...saved].find((module) => adapted.has(module));
  if (both !== undefined)
    throw refused(
      `${both}, which has an adapter`,
      'name it once, in exclude_modules too if need be',
    );
  const isAsked = (name: string) => {
    const module = name.slice(0, name.lastIndexOf('.'));
    if (saved.has(module)) return true;
    const isOfRule = bias === 'all' || (bias === 'lora_only' && adapted.has(module));
    return isOfRule && name.endsWith('.bias');
  };
  return new Map(
    [...shapes]
      .filter(([name]) => isAsked(name))
      .map(([name, shape]) => [
        name,
        { shape, source: name === HEAD && model.tied ? EMBEDDINGS : name },
      ]),
  );
}

/** Whether embeddings and a head that was tied to them are two tables after that. */
export const unties = (retrained: ReadonlyMap<string, Retrained>): boolean =>
  retrained.has(HEAD) || retrained.has(EMBEDDINGS);

/** Throws {@link AdapterError} where what is trained itself is to be in codes. */
export function requireFloats(
  retrained: ReadonlyMap<string, Retrained>,
  isCoded: (module: string) => boolean,
): void {
  const coded = [...retrained.keys()]
    .filter((name) => name.endsWith('.weight'))
    .map((name) => name.slice(0, -'.weight'.length))
    .find(isCoded);
  if (coded !== undefined)
    throw refused(`${coded}, which is quantized`, 'name it among the modules that are skipped');
}

const refused = (what: string, suggestion: string) =>
  new AdapterError('adapter-saved-modules', `modules_to_save meet ${what}`, suggestion);

/** Modules that hold values themselves. */
function savedModules(
  model: Architecture,
  ends: readonly string[],
  shapes: ReadonlyMap<string, Shape>,
): ReadonlySet<string> {
  const names = moduleNames(model);
  for (const end of ends)
    if (!names.some((name) => name.endsWith(end)))
      throw new AdapterError(
        'adapter-saved-modules',
        `modules_to_save: ${JSON.stringify(end)} meets no module`,
        'give one such as lm_head, embed_tokens, norm or o_proj',
      );
  const met = names.filter((name) => ends.some((end) => name.endsWith(end)));
  const other = met.find((name) => !shapes.has(`${name}.weight`));
  if (other !== undefined)
    throw refused(`${other}, which holds no values itself`, 'name the modules in it');
  return new Set(met);
}
