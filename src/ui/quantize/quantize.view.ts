import type { View } from '../app/view.ts';

export const view: View = {
  name: 'quantize',
  order: 6,
  words: {
    en: { label: 'Quantize', title: 'which quantizer to take' },
    de: { label: 'Quantisieren', title: 'welcher Quantisierer der richtige ist' },
  },
  element: 'gp-quantize-view',
  given: ({ facts, quantizing, run, learning, adapting, merging, timing, executing }) => ({
    ...{ facts, quantizing: quantizing.made },
    others: [run.state, learning, adapting, merging, timing, executing],
  }),
  load: async ({ quantizing }) => {
    await quantizing.get();
    await import('./quantize-view.ts');
  },
};
