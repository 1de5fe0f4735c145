import type { View } from '../app/view.ts';

export const view: View = {
  name: 'train',
  order: 2,
  words: {
    en: { label: 'Fine-tune', title: 'teach a small model your text' },
    de: {
      label: 'Nachtrainieren',
      title: 'einem kleinen Modell den eigenen Text beibringen',
    },
  },
  element: 'gp-train-view',
  given: ({ facts, training }) => ({ facts, training }),
  load: () => import('./train-view.ts'),
};
