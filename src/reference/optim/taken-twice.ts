import type { HostFault } from '../record.ts';

/** Each step of an optimizer is taken a second time. */
export const TAKEN_TWICE: HostFault['host'] = {
  seam: 'optimizer_steps.optimizerOf',
  wrap:
    (original) =>
    (...args) => {
      const { step, ...rest } = original(...args);
      const twice = (...given: unknown[]) => {
        step(...given);
        step(...given);
      };
      return { ...rest, step: twice };
    },
};
