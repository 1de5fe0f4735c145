/** The sheet of keys. */
export const help = {
  open: 'Keyboard',
  title: 'Keyboard',
  close: 'Close',
  single: 'Shortcuts of a single key',
  singleHint: 'They do nothing while you type, and are kept as you choose them here.',
  groups: [
    {
      name: 'Everywhere',
      keys: [
        [['?'], 'open this sheet'],
        [['1'], 'check this computer'],
        [['2'], 'fine-tune'],
        [['3'], 'compare'],
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
  ] as readonly { readonly name: string; readonly keys: readonly (readonly [keys: readonly string[], what: string])[] }[],
};
