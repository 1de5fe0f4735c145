import type { View } from '../app/view.ts';

export const view: View = {
  name: 'train',
  order: 2,
  words: {
    en: { label: 'Fine-tune', short: 'Tune', title: 'fine-tune a model on your data' },
    de: {
      label: 'Nachtrainieren',
      short: 'Training',
      title: 'ein Modell auf eigenen Daten nachtrainieren',
    },
  },
  element: 'gp-train-view',
  given: ({ facts, training, tuning, run, merging, timing, measuring, executing }) => ({
    facts,
    training: training.made,
    tuning: tuning.made,
    others: [run.state, merging, timing, measuring, executing],
  }),
  load: async ({ training, tuning }) => {
    const [session] = await Promise.all([tuning.get(), training.get()]);
    await import('./train-view.ts');
    await session.resumable.load(); // so that nothing moves when it is shown
  },
};
