import type { View } from '../app/view.ts';

export const view: View = {
  name: 'sheet',
  order: 8,
  words: {
    en: { label: 'Models', title: 'which models could learn here' },
    de: { label: 'Modelle', title: 'welche Modelle hier lernen könnten' },
  },
  element: 'gp-sheet-view',
  given: ({ router, facts, run, speed, notice }) => ({ router, facts, run, speed, notice }),
  load: () => import('./sheet-view.ts'),
};
