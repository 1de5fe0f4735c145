import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The chunk of a PNG that says what it was drawn from. */
const KEYWORD = 'Source-SHA256';
const SIGNATURE = 8;

/** A chunk of a PNG. */
interface Chunk {
  readonly type: string;
  readonly data: Buffer;
  /** Where it begins and ends in the file. */
  readonly start: number;
  readonly end: number;
}

/** A PNG that says what it was drawn from, before its pixels. */
export function stamped(png: Buffer, source: string): Buffer {
  const at = chunksOf(png).find(({ type }) => type === 'IDAT')?.start ?? SIGNATURE;
  const text = Buffer.from(`${KEYWORD}\0${digest(source)}`, 'latin1');
  const body = Buffer.concat([Buffer.from('tEXt', 'latin1'), text]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, at), length, body, check, png.subarray(at)]);
}

/** Whether a PNG was drawn from this source. */
export function isDrawnFrom(png: Buffer, source: string): boolean {
  const wanted = `${KEYWORD}\0${digest(source)}`;
  return chunksOf(png).some(
    ({ type, data }) => type === 'tEXt' && data.toString('latin1') === wanted,
  );
}

/** Width and height of a PNG in pixels. */
export function sizeOf(png: Buffer): { readonly width: number; readonly height: number } {
  const header = chunksOf(png).find(({ type }) => type === 'IHDR');
  if (!header) throw new Error('a PNG begins with its header');
  return { width: header.data.readUInt32BE(0), height: header.data.readUInt32BE(4) };
}

function chunksOf(png: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = SIGNATURE; start + 12 <= png.length; ) {
    const length = png.readUInt32BE(start);
    const end = start + 12 + length;
    const type = png.toString('latin1', start + 4, start + 8);
    chunks.push({ type, data: png.subarray(start + 8, start + 8 + length), start, end });
    start = end;
  }
  return chunks;
}

function digest(source: string): string {
  return createHash('sha256').update(source).digest('hex');
}
