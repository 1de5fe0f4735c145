import { SHEET_OPTIONS } from '../../harness/sheet-options.ts';
import { defineCommand } from '../command.ts';
import { lastPath } from '../path-option.ts';
import type { SheetCommandOptions } from './sheet.ts';

export const command = defineCommand<SheetCommandOptions>({
  name: 'sheet',
  order: 10,
  description: 'say what models take to be fine-tuned here: memory by part, what is split, time',
  options: {
    config: {
      name: 'config',
      argument: 'file',
      description: "a model's config.json (Llama, Mistral, Qwen2, Qwen3): its row comes first",
      parse: lastPath('--config'),
    },
    ...SHEET_OPTIONS,
    speed: {
      name: 'speed',
      argument: 'report',
      description:
        "a report with the cases speed.* of this device, from which times are reckoned (run --tier full --filter 'speed.*' --report FILE)",
      parse: lastPath('--speed'),
    },
    csv: {
      name: 'csv',
      argument: 'file',
      description: 'write the table as CSV, bytes and seconds in full; - is stdout',
      parse: lastPath('--csv'),
    },
  },
  run: async (given) => (await import('./sheet.ts')).sheetCommand(given),
});
