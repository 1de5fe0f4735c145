import type { JsonObject } from '../../../formats/strict-json.ts';
import type { LoraFields } from './lora-fields.ts';
import type { QuantizationFields } from './quantization-fields.ts';
import type { ScheduleFields } from './schedule-fields.ts';
import type { TrainingFields } from './training-fields.ts';
import { isTrainingType, type TrainingType, type TrainingTypeName } from './types.ts';

/** A configuration with what of its parts is in range. */
export interface Combination {
  readonly fields: TrainingFields;
  readonly lora: LoraFields | undefined;
  readonly quantization: QuantizationFields | undefined;
  /** Of lr_scheduler_kwargs. */
  readonly kwargs: ScheduleFields | undefined;
  /** As it was given, which tells what was left out. */
  readonly given: JsonObject;
}

/** The type that is asked for; undefined where it is none. */
export function typeOf({ given, fields }: Combination): TrainingTypeName | undefined {
  const type = given['type'] ?? fields.type;
  return isTrainingType(type) ? type : undefined;
}

/** Whether what stands at a path, or around it, is out of range. */
export type IsWrong = (path: string) => boolean;

/** Two choices that exclude each other. */
export interface Pair {
  readonly code: string;
  readonly path: string;
  /** Whether both are there. */
  readonly meet: (all: Combination & { readonly what: TrainingType }) => boolean;
  readonly message: (all: Combination) => string;
  readonly suggestion: string;
  /** Paths without which they do not meet. Default `path`. */
  readonly without?: readonly string[];
}

/** Those of `names` that an object has. */
export const givenOf = (names: readonly string[], object: unknown): readonly string[] =>
  names.filter((name) => (object as JsonObject | undefined)?.[name] != null);
