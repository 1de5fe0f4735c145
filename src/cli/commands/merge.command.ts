import { defineCommand } from '../command.ts';
import { REPORT_FILES, SHARE_BASE } from '../report-options.ts';
import type { MergeOptions } from './merge.ts';

export const command = defineCommand<MergeOptions>({
  name: 'merge',
  order: 5,
  description: "join the reports of a run's shards",
  positionals: ['<reports...>'],
  options: { ...REPORT_FILES, shareBase: SHARE_BASE },
  run: async (given, paths) => (await import('./merge.ts')).mergeCommand(paths, given),
});
