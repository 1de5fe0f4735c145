import { defineCommand } from '../command.ts';
import type { ReportFiles } from '../output/report-files.ts';
import { REPORT_FILES } from '../report-options.ts';

export const command = defineCommand<ReportFiles>({
  name: 'merge',
  order: 5,
  description: "join the reports of a run's shards",
  positionals: ['<reports...>'],
  options: REPORT_FILES,
  run: async (files, paths) => (await import('./merge.ts')).mergeCommand(paths, files),
});
