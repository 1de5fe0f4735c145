import { GradproofError } from '../errors.ts';

/** A value that an option cannot take; the message names option, value and what is allowed. */
export class OptionError extends GradproofError {
  constructor(message: string) {
    super('bad-option', message);
  }
}

/**
 * One option, given on the command line (`--name argument`) or in the page's address
 * (`?name=argument`).
 */
export interface OptionDeclaration<T> {
  readonly name: string;
  /** What stands after the name in the help; none for a switch. */
  readonly argument?: string;
  /** The argument may be left out; an empty text then stands for it. */
  readonly optional?: true;
  readonly description: string;
  /** Reads every text that was given, in order. Throws {@link OptionError}. */
  readonly parse: (texts: readonly string[]) => T;
}

/** The options that set the fields of T; one without a declaration does not compile. */
export type OptionTable<T> = { readonly [K in keyof T]-?: OptionDeclaration<NonNullable<T[K]>> };

/**
 * Reads what is given of a table's options; `textsOf` answers by option name, empty when it is not
 * given. Throws {@link OptionError}.
 */
export function readOptions<T>(
  table: OptionTable<T>,
  textsOf: (name: string) => readonly string[],
): Partial<T> {
  const options = Object.entries<OptionDeclaration<unknown>>(table).map(([key, option]) => ({
    key,
    option,
    texts: textsOf(option.name),
  }));
  const given = options.filter(({ texts }) => texts.length > 0);
  return Object.fromEntries(
    given.map(({ key, option, texts }) => [key, option.parse(texts)]),
  ) as Partial<T>;
}

/**
 * Reads a whole number from `min` to `max` written in decimal digits. Throws {@link OptionError}
 * that names `option`.
 */
export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new OptionError(`${option} ${text}: must be a whole number from ${min} to ${max}`);
  return value;
}
