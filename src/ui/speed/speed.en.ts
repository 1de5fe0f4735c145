import { words } from '../messages/words.ts';

/** How fast this device is. */
export const speedWords = words('speed', {
  measure: 'Measure the speed',
  measuring: 'Measuring the speed, some ten seconds…',
  measureFailed: (reason: string) => `The speed could not be measured: ${reason}`,
});
