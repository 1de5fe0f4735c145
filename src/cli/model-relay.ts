import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from '../formats/hugging-face/model-address.ts';
import { ModelServerError } from '../formats/hugging-face/model-server-error.ts';
import { LINKED_SUM, MOST_WHOLE, PIECE } from '../formats/hugging-face/remote-folder.ts';
import { ask } from './model-address/ask.ts';

/** What a page is told of a file, beside its bytes. */
const TOLD = ['content-length', 'content-range', 'etag', LINKED_SUM] as const;

/**
 * Gives the page a part of a file, or a small one whole, of the `server` that a person named, and of
 * no other but those that it leads to. What keeps it from that is status 502, and the text says why.
 */
export async function relayFile(
  server: string,
  path: string,
  { headers: { range } }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, text: string) =>
    void response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  const address = new URL(server + path);
  const most = range === undefined ? MOST_WHOLE : bytesOf(range);
  if (most === undefined) return refuse(416, `one range of at most ${PIECE} bytes is relayed`);
  try {
    const answer = await ask(address, {
      ...{ most, whole: range === undefined, isLocalAllowed: isLoopback(address) },
      ...(range === undefined ? {} : { headers: { range } }),
    });
    for (const name of TOLD) {
      const value = answer.headers.get(name);
      if (value !== null && (answer.body || name !== 'content-length'))
        response.setHeader(name, value);
    }
    response.setHeader('content-type', 'application/octet-stream');
    response.writeHead(answer.status).end(new Uint8Array(await answer.arrayBuffer()));
  } catch (error) {
    if (!(error instanceof ModelServerError)) throw error;
    refuse(502, error.message);
  }
}

/** How many bytes a range asks for; undefined of one that is open, empty or too long. */
function bytesOf(range: string): number | undefined {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(range) ?? [];
  const bytes = Number(last) - Number(first) + 1;
  return bytes > 0 && bytes <= PIECE ? bytes : undefined;
}
