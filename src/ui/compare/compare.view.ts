import type { View } from '../app/view.ts';

export const view: View = {
  name: 'compare',
  order: 3,
  words: {
    en: { label: 'Compare', title: 'compare two results' },
    de: { label: 'Vergleichen', title: 'zwei Ergebnisse vergleichen' },
  },
  element: 'gp-compare-view',
  given: ({ router, comparison, history, run }) => ({
    router,
    comparison: comparison.made,
    history,
    run,
  }),
  load: async ({ comparison }) => {
    await comparison.get();
    await import('./compare-view.ts');
  },
};
