import { defineCommand } from '../command.ts';

export const command = defineCommand<object>({
  name: 'doctor',
  order: 4,
  description: 'say what is here: Node, browsers, adapters',
  options: {},
  run: async () => (await import('./doctor.ts')).doctor(),
});
