import type { RunOptions } from '../../harness/events.ts';
import { TIERS, type Tier } from '../../harness/report/schema.ts';

/** What the page's address says: the view, and which cases. The fragment belongs to share links. */
export interface Address {
  readonly view: 'check' | 'train';
  readonly tier: Tier;
  readonly filters: readonly string[];
}

/** Reads `?view=train&tier=full&filter=GLOB&filter=GLOB`; what is unknown falls back to the default. */
export function parseAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const tier = TIERS.find((name) => name === query.get('tier'));
  return {
    view: query.get('view') === 'train' ? 'train' : 'check',
    tier: tier ?? 'quick',
    filters: query.getAll('filter').filter((glob) => glob !== ''),
  };
}

/** The query text of an address, with nothing in it that is the default; `?` alone where all is. */
export function formatAddress({ view, tier, filters }: Address): string {
  const parts = [
    ...(view === 'check' ? [] : [`view=${view}`]),
    ...(tier === 'quick' ? [] : [`tier=${tier}`]),
    ...filters.map((glob) => `filter=${encodeGlob(glob)}`),
  ];
  return `?${parts.join('&')}`;
}

/** What the filter field shows; globs hold no white space. */
export function filterText(filters: readonly string[]): string {
  return filters.join(' ');
}

/** The globs of the filter field. A word without `*` is meant as "contains". */
export function parseFilterText(text: string): readonly string[] {
  return text.split(/\s+/).filter((glob) => glob !== '' && glob !== '!');
}

/** The options of a run that the address asks for. */
export function optionsOf({ tier, filters }: Address): Pick<RunOptions, 'tier' | 'filters'> {
  return { tier, filters };
}

/** Escapes what a query needs, and leaves what is legal there readable: ids hold `:`, `;`, `=` and `*`. */
function encodeGlob(glob: string): string {
  return encodeURIComponent(glob).replaceAll(/%(3A|3B|3D|2C|2F|40)/g, (escaped) => decodeURIComponent(escaped));
}
