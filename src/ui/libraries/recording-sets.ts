import sets from 'virtual:parity-sets';
import type { BundleFile } from '../../harness/parity.ts';

/** What a click replays: what libraries recorded, or a draw of the samples of PyTorch's own tests. */
export type Brought = 'recordings' | 'samples';

const SAMPLES = 'parity/opinfo/';

function setsOf(brought: Brought) {
  return sets.filter(({ folder }) => (folder === SAMPLES) === (brought === 'samples'));
}

/** What a click costs. */
export function costOf(brought: Brought): { readonly cases: number; readonly bytes: number } {
  const all = setsOf(brought);
  return {
    cases: all.reduce((sum, { cases }) => sum + cases, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** So many files are on their way at one time. */
const AT_ONCE = 8;

/** A recording that is not what its index says. */
class RecordingError extends Error {}

/**
 * Fetches recordings that the page brings along, of ops that are wanted (default all), each checked against its index: a response that was
 * cut off would end without an error. Throws, with a line for people, when one cannot be had.
 */
export async function fetchRecordings(
  brought: Brought,
  signal: AbortSignal,
  isWanted: (op: string) => boolean = () => true,
): Promise<readonly BundleFile[]> {
  const [{ readParityIndex }, { listedBundle }] = await Promise.all([
    import('../../formats/parity-index.ts'),
    import('../../harness/recorded-set.ts'),
  ]);
  const wanted: (() => Promise<BundleFile>)[] = [];
  for (const { folder } of setsOf(brought)) {
    const index = readParityIndex(
      new TextDecoder().decode(await get(`${folder}INDEX.json`, signal)),
    );
    for (const { name } of index.cases.filter(({ op }) => isWanted(op))) {
      const path = `${folder}${name}.safetensors`;
      wanted.push(async () =>
        complete(await listedBundle(path, name, await get(path, signal), index)),
      );
    }
  }
  const files: BundleFile[] = [];
  let next = 0;
  const take = async () => {
    for (let i = next++; i < wanted.length; i = next++)
      files[i] = await (wanted[i] as () => Promise<BundleFile>)();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return files;
}

/**
 * What came from the page's own server in another form than it left is no finding about a library:
 * all of it is fetched again.
 */
function complete(bundle: BundleFile): BundleFile {
  if (bundle.problem !== undefined)
    throw new RecordingError(
      `${bundle.name} is not the recording that its index names: load the page again`,
    );
  return bundle;
}

async function get(path: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL(path, document.baseURI), { signal }).catch(() => undefined);
  if (!response?.ok)
    throw new RecordingError(
      `${path} cannot be loaded: see whether the page’s server still runs, and try again`,
    );
  return new Uint8Array(await response.arrayBuffer());
}
