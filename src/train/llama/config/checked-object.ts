import type * as v from 'valibot';
import { fieldsOf, shown } from '../../../formats/hugging-face/fields.ts';
import { isJsonObject, type JsonObject } from '../../../formats/strict-json.ts';
import { badValue, type TrainingConfigFault } from './training-config-error.ts';

/** Fields of an object, and its faults. */
export interface CheckedObject<Fields> {
  /** What is out of range is as if it were left out; undefined where the value is no object. */
  readonly fields: Fields | undefined;
  readonly faults: readonly TrainingConfigFault[];
}

/**
 * The fields of `value` that `schema` names; `at` is where it stands. What no schema names is a
 * fault, which `refusal` may tell better. Null is absent.
 */
export function checkedObject<Schema extends v.GenericSchema<unknown, object>>(
  schema: Schema & { readonly entries: object },
  value: unknown,
  at: string,
  refusal: (name: string, value: unknown) => TrainingConfigFault | 'neutral' | undefined,
): CheckedObject<v.InferOutput<Schema>> {
  if (!isJsonObject(value)) {
    const path = at.slice(0, -1);
    return {
      fields: undefined,
      faults: [
        {
          code: badValue(path),
          path,
          message: `${path} is ${shown(value)}`,
          suggestion: `give an object with some of ${Object.keys(schema.entries).join(', ')}`,
        },
      ],
    };
  }
  const { fields, faults } = fieldsOf(schema, value, at);
  return {
    fields: fields ?? fieldsOf(schema, without(value, faults, at), at).fields,
    faults: [
      ...faults.map((fault) => ({ ...fault, code: badValue(fault.path) })),
      ...unknownFields(schema.entries, value, at, refusal),
    ],
  };
}

/** The object without its fields that have a fault. */
function without(
  value: JsonObject,
  faults: readonly { readonly path: string }[],
  at: string,
): JsonObject {
  const bad = new Set(faults.map(({ path }) => path.slice(at.length).split('.')[0]));
  return Object.fromEntries(Object.entries(value).filter(([name]) => !bad.has(name)));
}

function unknownFields(
  entries: object,
  value: JsonObject,
  at: string,
  refusal: (name: string, value: unknown) => TrainingConfigFault | 'neutral' | undefined,
): readonly TrainingConfigFault[] {
  return Object.entries(value).flatMap(([name, given]) => {
    if (Object.hasOwn(entries, name)) return [];
    const refused = refusal(name, given);
    if (refused === 'neutral') return [];
    return [
      refused ?? {
        code: 'unknown-field',
        path: at + name.slice(0, 60),
        without: [at + name],
        message: `there is no ${shown(at + name)}`,
        suggestion: `there are ${Object.keys(entries).join(', ')}`,
      },
    ];
  });
}
