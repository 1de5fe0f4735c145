import { words } from '../messages/words.ts';
/** Keys, each of them alone, and what they do. */
export type KeyRow = readonly [keys: readonly string[], what: string];

/** Keys of one place. */
interface KeyGroup {
  readonly name: string;
  readonly keys: readonly KeyRow[];
}

/**
 * The sheet of keys, loaded when it is asked for; `groups` puts the keys of the views among the
 * others.
 */
export const helpWords = words('help', {
  title: 'Keyboard',
  close: 'Close',
  single: 'Shortcuts of a single key',
  singleHint: 'They do nothing while you type, and are kept as you choose them here.',
  groups: (views: readonly KeyRow[]): readonly KeyGroup[] => [
    {
      name: 'Everywhere',
      keys: [
        [['?'], 'open this sheet'],
        ...views,
        [['Tab', 'Shift + Tab'], 'to the next control, or the one before'],
        [['Enter', 'Space'], 'press the control'],
        [['Esc'], 'close what is open'],
      ],
    },
    {
      name: 'Checking',
      keys: [
        [['R'], 'run, or stop'],
        [['D'], 'open or close the details'],
        [['/'], 'to the field that chooses checks'],
        [['C'], 'copy link'],
        [['M'], 'measure the speed'],
      ],
    },
    {
      name: 'In the list of checks',
      keys: [
        [['↑', '↓'], 'to the row above or below'],
        [['→', '←'], 'open or close a suite; into it, or out of it'],
        [['Home', 'End'], 'to the first row, or the last'],
        [['Page ↑', 'Page ↓'], 'a screenful up or down'],
        [['A … Z'], 'to the next row that begins so'],
        [['*'], 'open all suites beside this one'],
        [['Enter', 'Space'], 'show what is behind the row'],
        [['Ctrl + Enter'], 'run the row'],
      ],
    },
    {
      name: 'Fine-tuning',
      keys: [
        [['R'], 'start, or stop'],
        [['P'], 'pause, or go on'],
      ],
    },
  ],
});
