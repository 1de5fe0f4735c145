import { existsSync } from 'node:fs';
import { type OptionDeclaration, OptionError } from '../harness/option.ts';
import { checkedPath } from './path-option.ts';

const NAMED: readonly string[] = ['checked-in', 'measured'];

/** Which table a command takes: a name, or the path of a report. */
export const TUNING: OptionDeclaration<string> = {
  name: 'tuning',
  argument: 'checked-in|measured|report',
  description:
    'by which table variants are chosen: the one of the sources (default), what is fastest on this device, measured in 3 s and kept, or the table that a report tells',
  parse: (texts) => {
    const text = checkedPath('--tuning', texts.at(-1) ?? '');
    if (NAMED.includes(text) || existsSync(text)) return text;
    throw new OptionError(
      `--tuning ${text}: must be checked-in, measured, or a report, and there is no such file`,
    );
  },
};
