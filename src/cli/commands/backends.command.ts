import { OptionError } from '../../harness/option.ts';
import { defineCommand } from '../command.ts';
import type { BackendsOptions } from './backends.ts';

export const command = defineCommand<BackendsOptions>({
  name: 'backends',
  order: 12,
  description: 'say who could compute here, in the order in which one is chosen, and who would',
  options: {
    backend: {
      name: 'backend',
      argument: 'name',
      description: 'the one that is wanted, and no other (default $GRADPROOF_BACKEND, else any)',
      parse: (texts) => texts.at(-1) ?? '',
    },
    purpose: {
      name: 'for',
      argument: 'train|run|ops',
      description: 'what it is chosen for (default train)',
      parse: (texts) => {
        const purpose = texts.at(-1);
        if (purpose === 'train' || purpose === 'run' || purpose === 'ops') return purpose;
        throw new OptionError(`--for ${purpose}: must be train, run or ops`);
      },
    },
    bridge: {
      name: 'bridge',
      description: 'start the bridge, and ask which devices are behind it',
      parse: () => true,
    },
  },
  run: async (given) => (await import('./backends.ts')).backendsCommand(given),
});
