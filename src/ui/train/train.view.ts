import type { View } from '../app/view.ts';

export const view: View = {
  name: 'train',
  order: 2,
  words: {
    en: { label: 'Fine-tune', short: 'Tune', title: 'fine-tune a small model on your text' },
    de: {
      label: 'Nachtrainieren',
      short: 'Training',
      title: 'ein kleines Modell auf dem eigenen Text nachtrainieren',
    },
  },
  element: 'gp-train-view',
  given: ({ facts, training }) => ({ facts, training: training.made }),
  load: async ({ training }) => {
    await training.get();
    await import('./train-view.ts');
  },
};
