import { speech } from './speech.ts';
import { words } from './words.ts';

const en = speech('en');

/** Numbers, counts, units, and how long something takes. */
export const units = {
  ...en,
  /** "2 seconds", "about 4 minutes": never more exact than it can be. */
  duration: (ms: number): string => {
    const seconds = Math.max(1, Math.round(ms / 1000));
    if (seconds < 90) return en.count(seconds, { one: 'second', other: 'seconds' });
    const minutes = Math.round(seconds / 60);
    if (minutes < 90) return `about ${en.count(minutes, { one: 'minute', other: 'minutes' })}`;
    const hours = Math.round(minutes / 60);
    if (hours < 48) return `about ${en.count(hours, { one: 'hour', other: 'hours' })}`;
    return `about ${en.count(Math.round(hours / 24), { one: 'day', other: 'days' })}`;
  },
};

export const unitsWords = words('units', units);
