import { type Architecture, tensorShapes } from '../../../formats/hugging-face/architecture.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { AdapterError } from './adapter-error.ts';
import { moduleNames } from './module-names.ts';

/** What of a model is trained itself beside its adapters; fields of PEFT's LoraConfig. */
export interface RetrainedRules {
  /** The biases of all linears, or of those that have an adapter. */
  readonly bias: 'none' | 'all' | 'lora_only';
  /** Ends of the names of head, embeddings and norms. */
  readonly modules_to_save: readonly string[];
}

/** A tensor that is trained itself. */
export interface Retrained {
  readonly shape: Shape;
  /** The tensor of the model that it starts from: a tied head has the embeddings'. */
  readonly source: string;
}

const HEAD = 'lm_head.weight';
const EMBEDDINGS = 'model.embed_tokens.weight';
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
 * {@link AdapterError} for what meets nothing, or a module that is no head, embeddings or norm.
 */
export function retrainedTensors(
  model: Architecture,
  { bias, modules_to_save }: RetrainedRules,
  adapted: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, Retrained> {
  const shapes = tensorShapes({ ...model, tied: false });
  const saved = savedModules(model, modules_to_save, shapes);
  const isAsked = (name: string) => {
    const module = name.slice(0, name.lastIndexOf('.'));
    if (!name.endsWith('.bias')) return saved.has(module);
    return bias === 'all' || (bias === 'lora_only' && adapted.has(module));
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

/** Modules that hold a vector or a table, and none of the linears of blocks. */
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
        `modules_to_save: ${JSON.stringify(end)} meets no module: give lm_head, embed_tokens or a norm`,
      );
  const met = names.filter((name) => ends.some((end) => name.endsWith(end)));
  const other = met.find((name) => {
    const shape = shapes.get(`${name}.weight`);
    return !shape || (shape.length > 1 && name.startsWith('model.layers.'));
  });
  if (other !== undefined)
    throw new AdapterError(
      'adapter-saved-modules',
      `modules_to_save meet ${other}: head, embeddings and norms alone are trained beside adapters`,
    );
  return new Set(met);
}
