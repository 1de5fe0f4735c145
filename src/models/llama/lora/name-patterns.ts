import { AdapterError } from './adapter-error.ts';

const whole = (source: string) => `^(?:${source})$`;
const ending = (source: string) => `^(?:.*\\.)?(?:${source})$`;

/** What PEFT makes of an expression, by the field of LoraConfig that has it. */
const FRAMES = {
  target_modules: whole,
  exclude_modules: whole,
  layers_pattern: (source: string) => `^(?:|.*?\\.)(?:${source})\\.(\\d+)\\.`,
  modules_to_save: (source: string) => `^(?:(^|.*\\.)${source}($|\\..*))`,
  rank_pattern: ending,
  alpha_pattern: ending,
} as const;

/** A field of LoraConfig that may hold expressions. */
export type PatternField = keyof typeof FRAMES;

/**
 * The expression of names of modules that a field has. Expressions are those of JavaScript. Throws
 * {@link AdapterError} `adapter-pattern` for one that is none.
 */
export function namePattern(source: string, field: PatternField): RegExp {
  try {
    return new RegExp(FRAMES[field](source));
  } catch (cause) {
    throw new AdapterError(
      'adapter-pattern',
      `${field}: ${(cause as Error).message}`,
      'give an expression as JavaScript has it',
    );
  }
}

/** Whether a text is an expression that {@link namePattern} takes. */
export function isNamePattern(source: string, field: PatternField): boolean {
  try {
    namePattern(source, field);
    return true;
  } catch {
    return false;
  }
}
