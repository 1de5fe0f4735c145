import type { View } from '../app/view.ts';

export const view: View = {
  name: 'suites',
  order: 4,
  words: {
    en: { label: 'Suites', title: 'the original tests, one by one' },
    de: { label: 'Suiten', title: 'die ursprünglichen Tests, einer nach dem anderen' },
  },
  element: 'gp-suites-view',
  given: ({ router, plan, run, detailed, suites, notice }) => ({
    router,
    plan,
    run,
    detailed,
    suites: suites.made,
    notice,
  }),
  load: async ({ suites }) => {
    await suites.get();
    await import('./suites-view.ts');
  },
};
