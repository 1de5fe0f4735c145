import * as v from 'valibot';
import { FormatError } from '../../formats/format-error.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';
import { validationMessage } from '../../formats/validation-message.ts';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

const TORCH_STEPS = v.object({
  libraries: v.record(v.string(), v.string()),
  device: v.string(),
  steps: v.record(v.string(), v.object({ medianMs: positive })),
});

/** Steps of fine-tuning by PyTorch, by the ids of bench: what `gradproof-bridge steps --json` tells. */
export type TorchSteps = v.InferOutput<typeof TORCH_STEPS>;

const SCALING = v.object({
  command: v.string(),
  cores: positive,
  rows: v.array(
    v.object({
      workers: positive,
      ms: positive,
      efficiency: positive,
      forecast: positive,
      peak: positive,
    }),
  ),
});

/** The same work by several workers: what `npm run scaling` writes. Bytes of the one that took most. */
export type Scaling = v.InferOutput<typeof SCALING>;

/** Reads what `gradproof-bridge steps --json` told. Throws FormatError. */
export const readTorchSteps = (text: string): TorchSteps => read(TORCH_STEPS, text);

/** Reads what `npm run scaling -- --json` wrote. Throws FormatError. */
export const readScaling = (text: string): Scaling => read(SCALING, text);

function read<T extends v.GenericSchema>(schema: T, text: string): v.InferOutput<T> {
  try {
    return v.parse(schema, parseJsonObject(text, 'it'));
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(validationMessage(error), { cause: error });
  }
}
