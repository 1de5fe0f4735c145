import { defineCommand } from '../command.ts';

export const command = defineCommand<object>({
  name: 'compare',
  order: 6,
  description: 'say how the second report differs from the first',
  positionals: ['<before>', '<after>'],
  options: {},
  run: async (_, [before = '', after = '']) =>
    (await import('./compare.ts')).compareCommand(before, after),
});
