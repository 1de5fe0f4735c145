import { messageOf } from '../../errors.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../harness/events.ts';
import { RUN_OPTIONS, readOptions } from '../../harness/options.ts';

/** The views of the page. */
export type View = 'check' | 'train';

/** What the page's address says: the view, and what to run. The fragment belongs to share links. */
export interface Address {
  readonly view: View;
  readonly options: Partial<RunOptions>;
  /** Options that the page has no field for (seed, shard, ...), as the address wrote them. */
  readonly others: readonly (readonly [name: string, text: string])[];
  /** Why an option of the address was not taken. */
  readonly problem?: string;
}

/** What a run of the address does. */
export function optionsOf({ options }: Pick<Address, 'options'>): RunOptions {
  return { ...DEFAULT_RUN_OPTIONS, ...options };
}

/** Reads `?view=train&tier=full&filter=GLOB&filter=GLOB` and the other options of a run; with a wrong one, none is taken. */
export function parseAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const view = query.get('view') === 'train' ? 'train' : 'check';
  try {
    const options = readOptions(RUN_OPTIONS, (name) => query.getAll(name));
    return { view, options, others: [...query].filter(([name]) => OTHERS.has(name)) };
  } catch (error) {
    return { view, options: {}, others: [], problem: `The address of this page asks for something unknown: ${messageOf(error)}.` };
  }
}

const OTHERS = new Set(
  Object.values(RUN_OPTIONS)
    .map(({ name }) => name)
    .filter((name) => name !== RUN_OPTIONS.tier.name && name !== RUN_OPTIONS.filters.name),
);

/** The query text of an address, with nothing in it that is the default; `?` alone where all is. */
export function formatAddress({ view, options: { tier, filters = [] }, others }: Omit<Address, 'problem'>): string {
  const parts = [
    ...(view === 'check' ? [] : [`view=${view}`]),
    ...(tier === undefined || tier === DEFAULT_RUN_OPTIONS.tier ? [] : [`tier=${tier}`]),
    ...filters.map((glob) => `filter=${encodeReadably(glob)}`),
    ...others.map(([name, text]) => (text === '' ? name : `${name}=${encodeReadably(text)}`)),
  ];
  return `?${parts.join('&')}`;
}

/** What the filter field shows; globs hold no white space. */
export function filterText(filters: readonly string[] = []): string {
  return filters.join(' ');
}

/** The globs of the filter field; what cannot be one is left out. */
export function parseFilterText(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => /^!?[^\s!]+$/.test(word));
}

/** Escapes what a query needs, and leaves what is legal there readable: ids hold `:`, `;`, `=` and `*`. */
function encodeReadably(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(3A|3B|3D|2C|2F|40)/g, (escaped) => decodeURIComponent(escaped));
}
