import type { View } from '../app/view.ts';

export const view: View = {
  name: 'bench',
  order: 5,
  words: {
    en: { label: 'Bench', title: 'speed beside other libraries' },
    de: { label: 'Tempo', title: 'Tempo neben anderen Bibliotheken' },
  },
  element: 'gp-bench-view',
  given: ({ facts, bench, run, learning, adapting, merging, measuring, executing }) => ({
    ...{ facts, bench: bench.made },
    others: [run.state, learning, adapting, merging, measuring, executing],
  }),
  load: async (app) => {
    const { toBenchPage } = await import('./own-page.ts');
    await toBenchPage(app, 'bench');
    await import('./bench-view.ts');
  },
};
