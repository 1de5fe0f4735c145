import { browserWords, chipName } from '../place.ts';
import { PROBE_WORDS, type ProbeWords, probeFacts } from '../probe-facts.ts';
import { LINKED_FILTERS, MOST_TOLD, shortList } from '../settings.ts';
import type { Snapshot } from './snapshot.ts';

/** What may be set up or found otherwise; the view that shows it has the words. */
export type DifferenceKind = (typeof KINDS)[number];

/** Something that is not the same around the cases, and may explain how they differ. */
export interface Difference {
  readonly what: DifferenceKind;
  /** The values as texts; empty for nothing. */
  readonly before: string;
  readonly after: string;
}

const KINDS = [
  ...([
    'kind',
    'version',
    'plan',
    'tier',
    'filters',
    'shard',
    'seed',
    'timeout',
    'options',
    'complete',
  ] as const),
  ...(['adapter', 'runtime', 'os', 'cores', 'features', 'arithmetic', 'kernels'] as const),
] as const;

/** The words of values that are no names. */
export interface DifferenceWords {
  readonly probe: ProbeWords;
  readonly processor: (chip: string) => string;
  readonly complete: string;
  readonly unfinished: string;
}

const ENGLISH: DifferenceWords = {
  probe: PROBE_WORDS,
  processor: (chip) => `${chip} (a processor)`,
  complete: 'complete',
  unfinished: 'not finished',
};

/** What each tells as a text, or several; of kernels those that `other` lacks. */
const VALUES: Readonly<
  Record<
    DifferenceKind,
    (snapshot: Snapshot, words: DifferenceWords, other: Snapshot) => string | readonly string[]
  >
> = {
  kind: ({ kind }) => kind,
  version: ({ tool }) => `${tool.version} (${tool.commit})`,
  plan: ({ planHash }) => planHash.slice(0, 12),
  tier: ({ settings }) => settings.tier,
  filters: ({ settings }) => shortList(settings.filters, LINKED_FILTERS),
  shard: ({ settings }) => settings.shard,
  seed: ({ settings }) => String(settings.seed),
  timeout: ({ settings: { timeoutMs } }) => (timeoutMs === undefined ? '' : `${timeoutMs} ms`),
  options: ({ settings }) => settings.options,
  complete: ({ settings }, words) => (settings.complete ? words.complete : words.unfinished),
  adapter: ({ environments }, { processor }) =>
    environments.map(({ adapter }) =>
      adapter.isFallback ? processor(chipName(adapter)) : chipName(adapter),
    ),
  runtime: ({ environments }) =>
    environments.map(
      ({ runtime, runtimeVersion }) => `${browserWords(runtime, '')} ${runtimeVersion}`,
    ),
  os: ({ environments }) => environments.map(({ os }) => os),
  cores: ({ environments }) => environments.map(({ cores }) => String(cores)),
  features: ({ environments }) => environments.flatMap(({ features }) => features),
  arithmetic: ({ environments }, words) =>
    environments.flatMap(({ probe }) =>
      probeFacts(probe, words.probe).map(({ name, found }) => `${name}: ${found}`),
    ),
  kernels: (snapshot, _words, other) => kernelsWithout(snapshot, other),
};

/**
 * What differs around the cases, the settings first, the kernels that they ran last: a fast one that
 * was not used shows there. Of lists only items that the other one lacks are told.
 */
export function differencesOf(
  before: Snapshot,
  after: Snapshot,
  words: DifferenceWords = ENGLISH,
): readonly Difference[] {
  return KINDS.flatMap((what) => {
    const a = [VALUES[what](before, words, after)].flat();
    const b = [VALUES[what](after, words, before)].flat();
    const onlyA = without(a, b);
    const onlyB = without(b, a);
    return onlyA.length + onlyB.length === 0
      ? []
      : [{ what, before: told(onlyA), after: told(onlyB) }];
  });
}

/** Kernels that a case ran which passed in both, and that the same case of `other` did not run. */
function kernelsWithout(own: Snapshot, other: Snapshot): readonly string[] {
  const found = new Set<string>();
  for (const [key, { status, kernels }] of own.cases) {
    const there = other.cases.get(key);
    if (status !== 'pass' || there?.status !== 'pass' || !kernels || !there.kernels) continue;
    for (const kernel of without(kernels, there.kernels)) found.add(kernel);
  }
  return [...found].sort();
}

function told(values: readonly string[]): string {
  return shortList(values, MOST_TOLD).join(', ');
}

function without(values: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return [...new Set(values)].filter((value) => !known.has(value));
}
