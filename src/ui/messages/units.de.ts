import { speech } from './speech.ts';
import type { unitsWords } from './units.en.ts';

const de = speech('de');

export const words: ReturnType<typeof unitsWords> = {
  ...de,
  duration: (ms) => {
    const seconds = Math.max(1, Math.round(ms / 1000));
    if (seconds < 90) return de.count(seconds, { one: 'Sekunde', other: 'Sekunden' });
    const minutes = Math.round(seconds / 60);
    if (minutes < 90) return `etwa ${de.count(minutes, { one: 'Minute', other: 'Minuten' })}`;
    const hours = Math.round(minutes / 60);
    if (hours < 48) return `etwa ${de.count(hours, { one: 'Stunde', other: 'Stunden' })}`;
    return `etwa ${de.count(Math.round(hours / 24), { one: 'Tag', other: 'Tage' })}`;
  },
};
