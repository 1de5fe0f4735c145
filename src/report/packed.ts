import { collect } from './collect.ts';
import { ReportError } from './error.ts';
import { MAX_REPORT_BYTES, readReport } from './read.ts';
import type { Report } from './schema.ts';

/** The first bytes of every gzip file (RFC 1952). */
const MAGIC = [0x1f, 0x8b] as const;

/** Whether bytes are packed, as reports are that are kept or shipped. */
export function isPacked([first, second]: Uint8Array): boolean {
  return first === MAGIC[0] && second === MAGIC[1];
}

/** The text, gzipped. */
export async function pack(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The bytes behind a gzip, at most `limit`; bytes that are not packed as they are. `name` stands
 * for them in messages. Throws {@link ReportError} about what does not unpack, or to too much.
 */
export async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  limit = MAX_REPORT_BYTES,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!isPacked(bytes)) return bytes;
  const tooLarge = () =>
    new ReportError(
      'report-too-large',
      `${name}: unpacks to more than ${limit} bytes: is this the right file?`,
    );
  try {
    return await collect(
      new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')),
      limit,
      tooLarge,
    );
  } catch (cause) {
    if (cause instanceof ReportError) throw cause;
    throw new ReportError('report-not-json', `${name}: does not unpack: is the file cut off?`, {
      cause,
    });
  }
}

/**
 * Reads a report that someone else wrote, packed or not, as {@link readReport} does. Throws
 * {@link ReportError}.
 */
export async function readPacked(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Report> {
  return readReport(await unpack(bytes, name), name);
}
