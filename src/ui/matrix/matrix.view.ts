import type { View } from '../app/view.ts';

export const view: View = {
  name: 'matrix',
  order: 7,
  words: {
    en: { label: 'Matrix', title: 'every quantizer on every backend' },
    de: { label: 'Matrix', title: 'jeder Quantisierer auf jedem Backend' },
  },
  element: 'gp-matrix-view',
  given: ({ facts, matrix, bench, run, learning, adapting, merging, timing, measuring }) => ({
    ...{ facts, matrix: matrix.made, server: bench.made?.server },
    others: [run.state, learning, adapting, merging, timing, measuring],
  }),
  load: async (app) => {
    const { toBenchPage } = await import('../bench/own-page.ts');
    await toBenchPage(app, 'matrix');
    await app.matrix.get();
    await import('./matrix-view.ts');
  },
};
