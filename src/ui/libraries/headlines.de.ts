import { deviceWords } from '../../backends/bridge/name.ts';
import type { Headline } from '../../report/headlines.ts';
import type { Skips } from '../../report/skips.ts';
import { words as units } from '../messages/units.de.ts';
import type { headlinesWords } from './headlines.en.ts';

const { number } = units;

function headline({
  library,
  source,
  agree,
  judged,
  deviating,
  loose,
  broken,
  skips,
}: Headline): string {
  const day = source.date === undefined ? '' : ` am ${units.day(source.date)}`;
  const where = source.live
    ? `live auf ${deviceWords(source.device)}`
    : `aufgezeichnet auf ${deviceWords(source.device)}${day}`;
  const verdict =
    judged === 0
      ? 'nichts war zu vergleichen'
      : `${number(agree)} von ${number(judged)} stimmen überein`;
  return [
    `${library}: ${verdict}, ${where}`,
    ...(deviating.length > 0
      ? [`${deviating.length} ${deviating.length === 1 ? 'weicht' : 'weichen'} vom wahren Wert ab`]
      : []),
    ...(loose > 0 ? [`${loose} nur innerhalb einer weiten Schranke`] : []),
    ...(broken > 0 ? [`${broken} ${broken === 1 ? 'ließ' : 'ließen'} sich nicht bestätigen`] : []),
    ...skips.map(skipWords),
  ].join('; ');
}

/** Reasons of skips by code, as in src/report/skips.ts. */
const REASONS: Readonly<Record<string, (what: string) => string>> = {
  'not-implemented': () => 'noch nicht umgesetzt',
  unjudged: () => 'kein Element lässt sich beurteilen',
  'library-failed': () => 'die Bibliothek hat die Eingaben abgelehnt',
  'missing-backend': () => 'die Brücke hat keine solche Bibliothek auf diesem Gerät',
  'missing-library': (what) => what.replaceAll('is not installed', 'ist nicht installiert'),
  'missing-device': (what) => what,
  'missing-feature': (what) => `dem Adapter fehlt ${what}`,
};

function skipWords({ code, count, details }: Skips): string {
  return `${number(count)} übersprungen: ${REASONS[code]?.(details.join(', ')) || code}`;
}

export const words: ReturnType<typeof headlinesWords> = {
  list: 'Bibliotheken',
  headline,
};
