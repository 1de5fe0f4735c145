import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { openTokenizer } from '../../formats/hugging-face/tokenizer.ts';
import { partsOfBlob } from '../../formats/part-file.ts';
import type { EncodedText } from '../../formats/text-data/encode.ts';
import { faultsOf, PartFaults, type RequestFault } from './request-faults.ts';
import { type ReadTexts, readTexts, type TextProgress, type TextSettings } from './texts.ts';

/** Asks a worker for the tokens of a data file. */
export interface TextsRequest {
  /** Whose tokenizer it is. */
  readonly folder: FolderPlace;
  readonly data: File;
  readonly settings: TextSettings;
}

/** What the worker tells, in this order; texts come some at a time, so that no message is long. */
export type TextsTold =
  | { readonly type: 'progress'; readonly done: number; readonly of: number }
  | { readonly type: 'texts'; readonly items: readonly EncodedText[] }
  | ({ readonly type: 'all' } & Omit<ReadTexts, 'items'>)
  | { readonly type: 'faults'; readonly faults: readonly Omit<RequestFault, 'part'>[] };

/** Tokens of a message: what its reader does in a few milliseconds. */
const MESSAGE_TOKENS = 2 ** 15;
/** Between two words on the progress. Milliseconds. */
const PROGRESS_MS = 100;

/** Makes tokens of a data file and tells them; what is wrong is told as its last word. */
export async function tellTexts(
  { folder, data, settings }: TextsRequest,
  openFolder: (place: FolderPlace) => Promise<ModelFolder>,
  post: (told: TextsTold) => void,
): Promise<void> {
  let toldAt = performance.now();
  const tell: TextProgress = (done, of) => {
    const now = performance.now();
    if (now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    post({ type: 'progress', done, of });
  };
  try {
    const codec = await openTokenizer(await openFolder(folder));
    const { items, ...rest } = await readTexts(partsOfBlob(data), codec, settings, tell);
    for (const some of inMessages(items)) post({ type: 'texts', items: some });
    post({ type: 'all', ...rest });
  } catch (error) {
    post({ type: 'faults', faults: faultsOf(error) });
  }
}

function* inMessages(items: readonly EncodedText[]): Iterable<readonly EncodedText[]> {
  let first = 0;
  let tokens = 0;
  for (const [i, { ids }] of items.entries()) {
    tokens += ids.length;
    if (tokens < MESSAGE_TOKENS) continue;
    yield items.slice(first, i + 1);
    first = i + 1;
    tokens = 0;
  }
  if (first < items.length) yield items.slice(first);
}

/** Puts together what a worker tells: the texts with its last word, undefined before. */
export class HeardTexts {
  readonly #items: EncodedText[] = [];

  /** Throws PartFaults for what is wrong with the data. */
  hear(told: TextsTold, tell: TextProgress): ReadTexts | undefined {
    switch (told.type) {
      case 'progress':
        tell(told.done, told.of);
        return undefined;
      case 'texts':
        this.#items.push(...told.items);
        return undefined;
      case 'all': {
        const { type: _, ...rest } = told;
        return { ...rest, items: this.#items };
      }
      case 'faults':
        throw new PartFaults(told.faults);
    }
  }
}
