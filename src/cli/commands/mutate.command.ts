import { wholeNumber } from '../../harness/option.ts';
import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { defineCommand } from '../command.ts';
import { REPORT } from '../report-options.ts';
import type { MutateOptions } from './mutate.ts';

export const command = defineCommand<MutateOptions>({
  name: 'mutate',
  order: 3,
  description: 'break each kernel, or the TypeScript, in many ways and see the suite notice',
  options: {
    filters: {
      ...RUN_OPTIONS.filters,
      description:
        'only mutants whose id matches, such as mutate.nn.*; several are or-ed, a leading ! excludes',
    },
    host: {
      name: 'host',
      description: 'mutants of the TypeScript instead, which unit tests and cases are to notice',
      parse: () => true,
    },
    seed: {
      ...RUN_OPTIONS.seed,
      description: 'with --host, what --sample draws hangs on it (default: on the commit)',
    },
    changed: {
      name: 'changed',
      description:
        'only mutants of the files that differ from the last commit; with --host, where none does, of those that it changed',
      parse: () => true,
    },
    sample: {
      name: 'sample',
      argument: 'n',
      description:
        'only n mutants, spread over all files; with --changed, beside those of the changed ones',
      parse: (texts) => wholeNumber('--sample', texts.at(-1) ?? '', 1, 1_000_000),
    },
    deadlineMs: {
      ...RUN_OPTIONS.deadlineMs,
      description:
        'with --host, what lives after so many milliseconds is undecided (default: none)',
    },
    known: {
      name: 'known',
      argument: 'report',
      description:
        'a report of a run, which says what its cases dispatched, so that few run before a change (default: that of the last run)',
      parse: (texts) => texts.at(-1) ?? '',
    },
    report: REPORT,
  },
  run: async (given) => {
    if (given.host) return (await import('./mutate-host.ts')).mutateHostCommand(given);
    return (await import('./mutate.ts')).mutateCommand(given);
  },
});
