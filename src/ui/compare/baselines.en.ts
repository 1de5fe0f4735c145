import { words } from '../messages/words.ts';

/** The baselines that ship with the page. */
export const baselinesWords = words('baselines', {
  gallery: 'Baselines',
  galleryLead:
    'Real runs that ship with this page, each made by one command. Compare your own run with the one that is nearest to your machine.',
  noBaselines: 'No baseline ships with this page.',
  noBaseline: (name: string) => `There is no baseline ${name}: choose another one.`,
  notLoaded: (file: string) =>
    `${file} cannot be loaded: see whether the page’s server still runs, and try again.`,
  tryAgain: 'Try again',
  madeOn: (day: string, version: string) => `${day}, Gradproof ${version}`,
  madeBy: 'Made by',
  compareLatest: 'Compare my latest run with it',
});
