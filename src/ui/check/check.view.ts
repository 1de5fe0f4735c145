import type { View } from '../app/view.ts';

/** Is the home view: the first screen has its element. */
export const view: View = {
  name: 'check',
  order: 1,
  words: {
    en: {
      label: 'Check this computer',
      short: 'Check',
      title: 'can this computer fine-tune a language model?',
    },
    de: {
      label: 'Diesen Rechner prüfen',
      short: 'Prüfen',
      title: 'Kann dieser Rechner ein Sprachmodell nachtrainieren?',
    },
  },
  element: 'gp-check-view',
  given: ({
    router,
    facts,
    run,
    starter,
    replay,
    bridge,
    detailed,
    plan,
    tree,
    known,
    history,
    speed,
  }) => ({
    router,
    facts,
    run,
    starter,
    replay,
    bridge,
    detailed,
    plan,
    tree,
    known,
    history,
    speed,
  }),
};
