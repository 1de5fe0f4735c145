import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count } = units;

/** Libraries that are live behind the bridge. */
export const bridgeWords = words('bridge', {
  python: 'Python on this computer',
  asking: 'Asking Python on this computer what it can…',
  silent: 'Python on this computer does not answer.',
  again: 'Try again',
  connect: 'Connect',
  choose: 'Let libraries on this computer compute the same',
  none: 'None is installed that could.',
  ahead: (jobs: number) =>
    `${count(jobs, { one: 'question', other: 'questions' })} before yours: Python answers one at a time.`,
  queue: (jobs: number) =>
    `${count(jobs, { one: 'question is', other: 'questions are' })} with Python now, which answers one at a time.`,
  missing: (some: number) =>
    `${count(some, { one: 'library', other: 'libraries' })} could be added`,
  on: (names: string, device: string) => `${names} on ${device}`,
  kinds: (some: number) => `${count(some, { one: 'kind', other: 'kinds' })} of calculation`,
  willAsk: 'The browser will ask whether this page may reach other programs on this computer.',
  whyAsk:
    'It asks because this page came from the web, and Python runs here. Allow it, and the page talks to the one program whose address you opened: numbers go there and back, and nothing leaves this computer.',
  refused: 'The browser does not let this page reach Python on this computer.',
  whyRefused:
    'The permission was refused before, here or by the administrator of this browser. To change that, open the settings of this page beside its address, allow access to other apps on this device (or to the local network), and try again. Everything else works without it.',
});
