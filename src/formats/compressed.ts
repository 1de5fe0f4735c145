import { seam } from '../seam.ts';

/** Bytes as they are stored, and what they take of the raw ones. */
export interface Stored {
  readonly encoding: 'gzip' | 'raw';
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Raw bytes by stored ones: 1 where nothing was gained. */
  readonly ratio: number;
}

const throughStream = seam(
  'formats.through_stream',
  async (
    bytes: Uint8Array<ArrayBuffer>,
    stream: CompressionStream | DecompressionStream,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const read = new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer();
    return new Uint8Array(await read);
  },
);

/** Whether compressing gained anything that is worth unpacking: a twentieth. */
const isWorthIt = seam('formats.is_worth_it', (ratio: number): boolean => ratio >= 1.05);

/** The bytes through gzip, or as they are where that does not make them smaller. */
export async function compressed(raw: Uint8Array<ArrayBuffer>): Promise<Stored> {
  const packed = await throughStream(raw, new CompressionStream('gzip'));
  const ratio = raw.length / packed.length;
  return isWorthIt(ratio)
    ? { encoding: 'gzip', bytes: packed, ratio }
    : { encoding: 'raw', bytes: raw, ratio: 1 };
}

/** The raw bytes of {@link compressed}. */
export const decompressed = seam(
  'formats.decompressed',
  async ({ encoding, bytes }: Pick<Stored, 'encoding' | 'bytes'>) =>
    encoding === 'raw' ? bytes : await throughStream(bytes, new DecompressionStream('gzip')),
);
