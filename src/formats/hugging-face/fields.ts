import * as v from 'valibot';
import { quote } from '../format-error.ts';
import type { JsonObject } from '../strict-json.ts';
import type { ConfigFault } from './config-error.ts';

/** What a file that lacks a field should be. */
export const WHOLE = 'give the config.json of a model as transformers saves it';

/** A value of a hostile file for a line. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return quote(typeof value === 'string' ? value : JSON.stringify(value));
}

/** A value that `test` takes; where it does not, `needed` says what should stand there. */
const field = <T>(test: (value: unknown) => boolean, needed: string) => v.custom<T>(test, needed);

/** A whole number from 1 to `most`. */
export const whole = (most: number) =>
  field<number>(
    (x) => typeof x === 'number' && Number.isInteger(x) && x >= 1 && x <= most,
    `it must be a whole number from 1 to ${most}`,
  );

/** A number from `least` to `most`. */
export const within = (least: number, most: number) =>
  field<number>(
    (x) => typeof x === 'number' && x >= least && x <= most,
    `it must be a number from ${least} to ${most}`,
  );

/** A number from `least` on. */
export const atLeast = (least: number) =>
  field<number>(
    (x) => Number.isFinite(x) && (x as number) >= least,
    `it must be a number from ${least} on`,
  );

export const flag = field<boolean>((x) => typeof x === 'boolean', 'it must be true or false');

/** One of these words. */
export const oneOf = <const Word extends string>(words: readonly Word[]) =>
  field<Word>((x) => words.some((word) => word === x), `known are ${words.join(', ')}`);

/**
 * The fields of `object` that `schema` names, and every fault of them. `at` is where the object
 * stands. A field that is null is absent, as transformers has it.
 */
export function fieldsOf<Schema extends v.GenericSchema<unknown, object>>(
  schema: Schema,
  object: JsonObject,
  at = '',
): { readonly fields: v.InferOutput<Schema> | undefined; readonly faults: ConfigFault[] } {
  const given = Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
  const result = v.safeParse(schema, given);
  if (result.success) return { fields: result.output, faults: [] };
  const faults = result.issues.map((issue): ConfigFault => {
    const path = at + v.getDotPath(issue as v.BaseIssue<unknown>);
    return issue.input === undefined
      ? missing(path)
      : {
          code: 'bad-value',
          path,
          message: `${path} is ${shown(issue.input)}`,
          suggestion: issue.message,
        };
  });
  return { fields: undefined, faults };
}

export const missing = (path: string): ConfigFault => ({
  code: 'missing',
  path,
  message: `${path} is missing`,
  suggestion: WHOLE,
});
