import { modelAddress } from '../../formats/hugging-face/model-address.ts';
import { modelFiles } from '../../formats/hugging-face/model-files.ts';
import { remoteFolder } from '../../formats/hugging-face/remote-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { counted } from '../../report/counted.ts';
import type { Voice } from '../output/voice.ts';
import { ask } from './ask.ts';
import { keepModel, type Origin, placeOfAddress } from './kept-model.ts';

/** A model on a server. */
export interface AddressModel {
  /** The folder of this disk that it comes to. */
  readonly place: string;
  /** Its files, read in parts where they lie. Throws as `modelFiles` does. */
  readonly open: () => Promise<ModelFolder>;
  /** Brings them to `place`, with a line for each that is fetched; returns where each came from. */
  readonly keep: (voice: Voice) => Promise<Origin>;
}

/**
 * Opens the model at an address that a person named; `signal` ends whatever is asked of its server.
 * Throws ModelServerError.
 */
export async function openAddress(
  named: string,
  signal?: AbortSignal,
  kept?: string,
): Promise<AddressModel> {
  const address = modelAddress(named);
  const files = await remoteFolder(address, (at, asked) => ask(at, { ...asked, signal }));
  const place = placeOfAddress(address.href, kept);
  return {
    place,
    open: () => modelFiles(files),
    keep: async (voice) => {
      const origin = await keepModel(address.href, files, place, progressOf(voice));
      const all = Object.values(origin.files);
      const bytes = all.reduce((sum, file) => sum + file.bytes, 0);
      voice.say(
        `${address.href}: ${counted(all.length, 'file')}, ${bytes} bytes, kept in ${place} with the SHA-256 of each`,
      );
      return origin;
    },
  };
}

/** A line for each file, which a terminal redraws with what is there of it. */
function progressOf(voice: Voice): (name: string, done: number, bytes: number) => void {
  return (name, done, bytes) => {
    if (voice.live) {
      voice.write(`\r\x1b[K${name}: ${Math.floor((100 * done) / Math.max(bytes, 1))} %`);
      if (done === bytes) voice.write('\n');
    } else if (done === 0) voice.say(`fetching ${name}, ${bytes} bytes`);
  };
}
