import type { NamedServers } from '../controls/served-address.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

/** What surrounds every view. */
export const frameWords = words('frame', {
  sharedTitle: 'Gradproof: someone’s result',
  skip: 'Skip to the content',
  views: 'Views',
  all: 'All views',
  readingLink: 'Reading the link…',
  loading: 'Loading…',
  longAddress: (most: number) =>
    `The address of this page has more than ${units.number(most)} characters, so nothing of it was taken.`,
  unknownAddress: (reason: string) =>
    `The address of this page asks for something unknown: ${reason}.`,
  partMissing:
    'A part of this page could not be loaded: see whether the network and the page’s server are there, then reload the page.',
  close: 'Close',
  inBrowser: 'Everything runs in this browser.',
  withPython:
    'Everything runs on this computer: in this browser, and in Python where that was chosen.',
  private: ({ sink, models }: NamedServers) =>
    `Nothing is uploaded${sink ? ` but the log of a run to ${sink}, where you choose so` : ''}, and nothing is loaded from anywhere else${models ? ` but models that you fetch from ${models}` : ''}.`,
  offline: 'It works without a network, too.',
  newer:
    'A newer version of this page is here. It is shown after a reload; what runs now goes on until then.',
  reload: 'Reload',
  keyboard: 'Keyboard',
  language: 'Language',
});
