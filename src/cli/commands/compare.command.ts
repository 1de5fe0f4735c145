import { defineCommand } from '../command.ts';

export const command = defineCommand<object>({
  name: 'compare',
  order: 6,
  description: 'say how the second report differs from the first',
  positionals: ['<a>', '<b>'],
  options: {},
  run: async (_, [a = '', b = '']) => (await import('./compare.ts')).compareCommand(a, b),
});
