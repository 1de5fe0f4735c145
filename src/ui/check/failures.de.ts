import { words as units } from '../messages/units.de.ts';
import type { failuresWords } from './failures.en.ts';

/** Kernels that are named; a check that trains dispatches dozens. */
const MOST_KERNELS = 3;

function kernelWords(kernels: readonly string[]): string {
  const named = kernels.slice(0, MOST_KERNELS);
  const more = kernels.length - named.length;
  return more > 0 ? `${named.join(', ')} und ${units.number(more)} weitere` : units.list(named);
}

export const words: ReturnType<typeof failuresWords> = {
  label: 'Was falsch ist',
  cause: ({ kernels, alsoPassed, code, results: { length: count } }, wrong) => {
    const isAll = count === wrong;
    const some = isAll
      ? `${units.count(wrong, { one: 'Prüfung ist', other: 'Prüfungen sind' })} falsch`
      : `${units.number(count)} von ${units.number(wrong)} falschen Prüfungen`;
    if (kernels.length === 0) return `${some}: ${code}`;
    const shared = kernelWords(kernels);
    const too =
      alsoPassed > 0
        ? `, wie auch ${units.count(alsoPassed, { one: 'richtige', other: 'richtige' })}`
        : '';
    if (isAll)
      return count === 1
        ? `${some}, sie verwendet ${shared}${too}`
        : `${some}, alle verwenden ${shared}${too}`;
    const use = units.form(count, { one: 'verwendet', other: 'verwenden' });
    return `${some} ${use} ${shared}${too || ', keine richtige tut das'}`;
  },
  more: (count) => `${units.number(count)} weitere in den Einzelheiten zeigen`,
};
