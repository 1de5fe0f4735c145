import { bridgeName, deviceWords, isBridgeName, librariesOf } from '../backends/bridge/name.ts';
import type { BridgeLink } from '../backends/bridge.ts';
import type { Recorded } from '../formats/parity-index.ts';
import { groupBy } from './group.ts';
import { plainText } from './plain-text.ts';
import type { CaseResult } from './schema.ts';
import { type Skips, skipsOf, skipWords } from './skips.ts';
import { compareTexts } from './text-order.ts';

/** Where a library's numbers come from. */
export interface HeadlineSource {
  /** Computed in this run, behind the bridge, or recorded before. */
  readonly live: boolean;
  /**
   * As the library calls it: `cpu`, `cuda:0`, or `cuda:0 (NVIDIA H200)`, where the bundle or its
   * index tells the model.
   */
  readonly device: string;
  /** The day of the recording as 2026-11-20, where its index tells it. */
  readonly date?: string;
}

/** How a library did, recorded or live: what a report says of it in one line. */
export interface Headline {
  /** "bitsandbytes 0.50.2", or all libraries of a device that computed live. */
  readonly library: string;
  readonly source: HeadlineSource;
  /** Results on which library, oracle and our own kernels agree. */
  readonly agree: number;
  /** Results that say something. */
  readonly judged: number;
  /** Where the library's own value is off. */
  readonly deviating: readonly CaseResult[];
  /** Results on which they agree by a bound that would let errors pass. */
  readonly loose: number;
  /** Where we are off, or the case could not be finished. */
  readonly broken: number;
  /** What was not compared, by reason. */
  readonly skips: readonly Skips[];
}

/**
 * Recordings by the id of the case that replays them; a weight of a checkpoint was recorded by no
 * library.
 */
type Recordings = ReadonlyMap<
  string,
  | { readonly producer: string; readonly device: string; readonly recorded?: Recorded }
  | { readonly weight: string }
>;

/** Devices behind a bridge. */
interface Live {
  readonly links: readonly BridgeLink[];
}

type Source = Pick<Headline, 'library' | 'source'>;

/**
 * A line for each library, device and day, in the order of the libraries' names; none where nothing
 * was recorded or computed live.
 */
export function headlinesOf(
  results: readonly CaseResult[],
  recordings: Recordings,
  live: Live | undefined,
): readonly Headline[] {
  const told = results.flatMap((result) => {
    const source = isBridgeName(result.backend)
      ? liveSource(result, live)
      : recordedSource(result, recordings);
    return source ? [{ source, result }] : [];
  });
  const groups = groupBy(
    told,
    ({ source: { library, source } }) => `${library}\n${whereWords(source)}`,
  );
  const sorted = [...groups].sort(([a], [b]) => compareTexts(a, b));
  return sorted.map(([, group]) =>
    headlineOf(
      group[0].source,
      group.map(({ result }) => result),
    ),
  );
}

function headlineOf({ library, source }: Source, results: readonly CaseResult[]): Headline {
  const judged = results.filter(({ status }) => status !== 'skip');
  const deviating = judged.filter(({ finding }) => finding?.code === 'producer-deviates');
  const broken = judged.filter(({ status }) => status !== 'pass').length;
  const passed = judged.filter(({ status }) => status === 'pass');
  const loose = passed.filter(({ finding }) => finding?.code === 'loose-bound').length;
  const off = passed.filter(({ finding }) => finding?.code === 'producer-deviates').length;
  return {
    library,
    source,
    agree: passed.length - loose - off,
    judged: judged.length,
    deviating,
    loose,
    broken,
    skips: skipsOf(results),
  };
}

/**
 * "bitsandbytes 0.50.2: 61 of 61 agree, recorded on CPU on 2026-11-20; 3 skipped: not implemented".
 */
export function headlineWords({
  library,
  source,
  agree,
  judged,
  deviating,
  loose,
  broken,
  skips,
}: Headline): string {
  const verdict = judged === 0 ? 'nothing could be compared' : `${agree} of ${judged} agree`;
  return [
    `${library}: ${verdict}, ${whereWords(source)}`,
    ...(deviating.length > 0
      ? [
          `${deviating.length} ${deviating.length === 1 ? 'deviates' : 'deviate'} from the true value`,
        ]
      : []),
    ...(loose > 0 ? [`${loose} within a loose bound alone`] : []),
    ...(broken > 0 ? [`${broken} could not be confirmed`] : []),
    ...skips.map(skipWords),
  ].join('; ');
}

/**
 * "recorded on CPU on 2026-11-20", "recorded on CUDA (NVIDIA H200) on 2026-11-21", "live on CUDA
 * (cuda:0)".
 */
function whereWords({ live, device, date }: HeadlineSource): string {
  if (live) return `live on ${deviceWords(device)}`;
  return `recorded on ${deviceWords(device)}${date === undefined ? '' : ` on ${date}`}`;
}

function recordedSource({ id }: CaseResult, recordings: Recordings): Source | undefined {
  const recording = recordings.get(id);
  if (!recording || 'weight' in recording) return undefined;
  const { producer, device, recorded } = recording;
  // An index may know the model; another device than the bundle's is not said of it.
  const known = recorded?.device?.startsWith(device) ? recorded.device : device;
  return {
    library: libraryOf(producer),
    source: { live: false, device: plainText(known), ...(recorded ? { date: recorded.date } : {}) },
  };
}

function liveSource({ backend }: CaseResult, live: Live | undefined): Source | undefined {
  const link = live?.links.find(({ device }) => bridgeName(device) === backend);
  if (!link) return undefined;
  return { library: librariesOf(link.device), source: { live: true, device: link.device.device } };
}

/**
 * The first library of a producer, fit for a line of a terminal or page, without the build that its
 * version names after a plus: `+cu132` says nothing of where it ran.
 */
function libraryOf(producer: string): string {
  const library = producer.replace(/ \+ .*/s, '');
  return plainText(library.replace(/\+\S+$/, ''));
}
