import { messageOf } from '../../errors.ts';
import { readOptions } from '../../harness/option.ts';
import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { SHEET_OPTIONS } from '../../harness/sheet-options.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../report/run-options.ts';
import { SIDES, type Side } from '../compare/side.ts';
import { frameWords } from './frame.en.ts';

/** What the page's address says: the view, and what to run. The fragment belongs to share links. */
export interface Address {
  /** Name of the view. */
  readonly view: string;
  readonly options: Partial<RunOptions>;
  /**
   * What the query holds beside the patterns of `options`: free words, `status:fail`, `tier:full`.
   */
  readonly words?: string;
  /** Options that the page has no field for (seed, shard, ...), as the address wrote them. */
  readonly others: readonly (readonly [name: string, text: string])[];
  /**
   * What the view `compare` compares: `run/ID` of this device, `baseline/NAME`, or `link/TEXT`, the
   * text of a share link. Links stand in the fragment, which no server is told.
   */
  readonly pair: Readonly<Partial<Record<Side, string>>>;
  /** The row that the view `suites` points at. */
  readonly row?: string;
  /** What the view `sheet` is asked, by name, as the address writes it. */
  readonly sheet?: Readonly<Record<string, string>>;
  /** Why an option of the address was not taken. */
  readonly problem?: string;
}

/** The view of an address that names none. */
export const HOME = 'check';

/** What a run of the address does. */
export function optionsOf({ options }: Pick<Address, 'options'>): RunOptions {
  return { ...DEFAULT_RUN_OPTIONS, ...options };
}

/**
 * Longer than a person writes a query: what an address from elsewhere asks for is computed before
 * any user has read it.
 */
const MOST_CHARACTERS = 4000;

/**
 * Reads `?view=train&tier=full&filter=GLOB&filter=GLOB` and the other options of a run; with a
 * wrong one, none is taken. A view that is not among `views` is the home view.
 */
export function parseAddress(
  search: string,
  views: readonly { readonly name: string }[],
  fragment = '',
): Address {
  const query = new URLSearchParams(search);
  const view = views.find(({ name }) => name === query.get('view'))?.name ?? HOME;
  const pair = pairOf(query, fragment);
  const row = query.get('row')?.match(ROW)?.[0];
  const asked = Object.fromEntries(
    [...query].filter(([name]) => view === 'sheet' && ASKED.has(name)),
  );
  const shown = {
    ...{ view, pair },
    ...(row ? { row } : {}),
    ...(Object.keys(asked).length > 0 ? { sheet: asked } : {}),
  };
  if (search.length > MOST_CHARACTERS)
    return {
      ...{ view, pair, ...(row ? { row } : {}) },
      options: {},
      others: [],
      problem: frameWords().longAddress(MOST_CHARACTERS),
    };
  try {
    const options = readOptions(RUN_OPTIONS, (name) => query.getAll(name));
    const words = query.get('q')?.trim();
    return {
      ...shown,
      options,
      ...(words ? { words } : {}),
      others: [...query].filter(([name]) => OTHERS.has(name)),
    };
  } catch (error) {
    return {
      ...shown,
      options: {},
      others: [],
      problem: frameWords().unknownAddress(messageOf(error)),
    };
  }
}

/** What names a result in an address; the text of a link is as long as one may be. */
export const NAMED = /^(run|baseline)\/([\w.-]{1,100})$|^(link)\/([\w-]{1,32768})$/;

/** Whether a fragment names links that are compared: a link itself has no `=`. */
export function isPairFragment(fragment: string): boolean {
  return /^#(before|after)=/.test(fragment);
}

/** The id of a row of the catalog. */
const ROW = /^[\w.-]{1,100}$/;

/** Both names as far as they can be ones. */
function pairOf(query: URLSearchParams, fragment: string): Address['pair'] {
  const links = new URLSearchParams(isPairFragment(fragment) ? fragment.slice(1) : '');
  const [before, after] = SIDES.map((side) => {
    const link = links.get(side);
    const name = link === null ? query.get(side) : `${LINK}${link}`;
    return link === null && name?.startsWith(LINK) ? undefined : name?.match(NAMED)?.[0];
  });
  return { ...(before ? { before } : {}), ...(after ? { after } : {}) };
}

/** What the view `sheet` reads: its options, the model that a person brought, what is sorted by. */
const ASKED = new Set([...Object.values(SHEET_OPTIONS).map(({ name }) => name), 'model', 'sort']);

const OTHERS = new Set(
  Object.values(RUN_OPTIONS)
    .map(({ name }) => name)
    .filter((name) => name !== RUN_OPTIONS.tier.name && name !== RUN_OPTIONS.filters.name),
);

/** The query of an address, and its fragment where it compares links, with nothing in it that is the default; `?` alone where all is. */
export function formatAddress({
  view,
  pair = {},
  row,
  sheet = {},
  options: { tier, filters = [] },
  words,
  others,
}: Omit<Address, 'problem' | 'pair'> & Partial<Pick<Address, 'pair'>>): string {
  const parts = [
    ...(view === HOME ? [] : [`view=${view}`]),
    ...(view === 'compare'
      ? Object.entries(pair)
          .filter(([, name]) => !name.startsWith(LINK))
          .map(([side, name]) => `${side}=${encodeReadably(name)}`)
      : []),
    ...(view === 'suites' && row ? [`row=${row}`] : []),
    ...(view === 'sheet'
      ? Object.entries(sheet).map(([name, text]) => `${name}=${encodeReadably(text)}`)
      : []),
    ...(tier === undefined || tier === DEFAULT_RUN_OPTIONS.tier ? [] : [`tier=${tier}`]),
    ...filters.map((glob) => `filter=${encodeReadably(glob)}`),
    ...(words ? [`q=${encodeReadably(words).replaceAll('%20', '+')}`] : []),
    ...others.map(([name, text]) => (text === '' ? name : `${name}=${encodeReadably(text)}`)),
  ];
  const links = Object.entries(view === 'compare' ? pair : {})
    .filter(([, name]) => name.startsWith(LINK))
    .map(([side, name]) => `${side}=${name.slice(LINK.length)}`);
  return `?${parts.join('&')}${links.length > 0 ? `#${links.join('&')}` : ''}`;
}

const LINK = 'link/';

/** The query as the address holds it: its patterns, then its other words. */
export function queryText({
  options: { filters = [] },
  words = '',
}: Pick<Address, 'options' | 'words'>): string {
  return [...filters, ...(words ? [words] : [])].join(' ');
}

/**
 * Escapes what a query needs, and leaves what is legal there readable: ids hold `:`, `;`, `=` and
 * `*`.
 */
function encodeReadably(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(3A|3B|3D|2C|2F|40)/g, (escaped) =>
    decodeURIComponent(escaped),
  );
}
