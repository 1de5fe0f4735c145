import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../errors.ts';
import { boundedText } from '../formats/bounded-text.ts';

/** What is told at once needs less; no more of it is read. */
const MOST_TOLD_BYTES = 2 ** 24;
/** What an answer needs at most. */
const MOST_ANSWER_BYTES = 65_536;
/** A sink that takes longer is not there. Milliseconds. */
const ANSWER_MS = 5_000;

/**
 * Passes what a page tells of its run on to the `sink` that a person named, and the answer back. A
 * sink that is not there is status 502.
 */
export async function relayToSink(
  sink: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await told(request);
  if (!body) return void response.writeHead(413).end();
  try {
    const answer = await fetch(sink + path, {
      ...{ method: 'POST', body, headers: { 'content-type': 'application/json' } },
      ...{ redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS) },
    });
    const text = await boundedText(answer, MOST_ANSWER_BYTES);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  } catch (error) {
    response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' }).end(messageOf(error));
  }
}

/** What was sent; undefined where it is too much. */
async function told(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > MOST_TOLD_BYTES) return undefined;
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
