import { OptionError } from '../harness/option.ts';

/** Reads the last path that was given for `option`. Throws OptionError. */
export function lastPath(option: string): (texts: readonly string[]) => string {
  return (texts) => checkedPath(option, texts.at(-1) ?? '');
}

/**
 * Returns a path that is not empty and has no NUL character. Throws OptionError that names
 * `option`.
 */
export function checkedPath(option: string, text: string): string {
  if (text === '' || text.includes('\0'))
    throw new OptionError(`${option} "${text}": must be a path`);
  return text;
}
