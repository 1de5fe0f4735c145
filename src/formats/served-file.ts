import { GradproofError, messageOf } from '../errors.ts';
import { FormatError, quote } from './format-error.ts';
import type { PartFile } from './part-file.ts';

/** How a part is asked for: a range as HTTP has it, and how many bytes that are. */
type AskPart = (url: string, range: string, bytes: number) => Promise<Response>;

/**
 * A file of `bytes` bytes that a server gives in parts. Each part is a request of its own, and is
 * held against the first, or the `version` (ETag) that is given: `read` throws FormatError for a
 * server that gives whole files, and for a file of another length or another version than before.
 * Requests are those of fetch by default.
 */
export function partsOfAddress(
  url: string,
  bytes: number,
  {
    ask = askByFetch,
    version: known,
    whatToDo = 'choose the folder again',
  }: {
    readonly ask?: AskPart;
    readonly version?: string | undefined;
    /** About a file that is not the one that was opened. */
    readonly whatToDo?: string;
  } = {},
): PartFile {
  const name = quote(decodeURIComponent(url.slice(url.lastIndexOf('/') + 1)));
  const refuse = (why: string) => new FormatError(`${name}: ${why}`);
  let version: string | null | undefined = known;
  return {
    bytes,
    read: async (start, end) => {
      if (start === end) return new Uint8Array();
      const response = await ask(url, `bytes=${start}-${end - 1}`, end - start).catch(
        (cause: unknown) => {
          throw refuse(
            cause instanceof GradproofError
              ? cause.message
              : `the server does not answer (${messageOf(cause)}): start it again`,
          );
        },
      );
      const wrong = wrongAnswer(response, { start, end, bytes }, version, whatToDo);
      if (wrong !== undefined) {
        await response.body?.cancel();
        throw refuse(wrong);
      }
      version = response.headers.get('etag');
      const part = new Uint8Array(await response.arrayBuffer());
      if (part.length === end - start) return part;
      throw refuse(
        `the server gives ${part.length} bytes where bytes ${start} to ${end} are asked for: try again`,
      );
    },
  };
}

const askByFetch: AskPart = (url, range) => fetch(url, { headers: { range }, cache: 'no-store' });

/** Why an answer is not the part that was asked for; undefined where it is. */
function wrongAnswer(
  { status, headers }: Response,
  { start, end, bytes }: { readonly start: number; readonly end: number; readonly bytes: number },
  version: string | null | undefined,
  whatToDo: string,
): string | undefined {
  if (status === 200)
    return 'the server gives the whole file where a part is asked for: use one that knows Range requests';
  if (status === 416) return `the file is shorter than the ${bytes} bytes it had: ${whatToDo}`;
  if (status !== 206) return `the server answers ${status} where a part is asked for`;
  const range = headers.get('content-range');
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? '') ?? [];
  if (Number(first) !== start || Number(last) !== end - 1)
    return `the server gives ${quote(range ?? 'no content-range')} where bytes ${start} to ${end} are asked for`;
  if (Number(total) !== bytes)
    return `the file has ${total} bytes now and had ${bytes}: ${whatToDo}`;
  if (version !== undefined && headers.get('etag') !== version)
    return `the file has changed since it was opened: ${whatToDo}`;
  return undefined;
}
