import { lookup } from 'node:dns';
import { request as askPlain, type IncomingMessage } from 'node:http';
import { request as askSecurely } from 'node:https';
import type { LookupFunction } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../errors.ts';
import { checkAddress } from '../../formats/hugging-face/model-address.ts';
import { ModelServerError } from '../../formats/hugging-face/model-server-error.ts';
import { type AskedFile, LINKED_SUM } from '../../formats/hugging-face/remote-folder.ts';
import { type AddressRules, isLocal } from './address.ts';
import { TransientServerError } from './transient-server-error.ts';

const MOST_REDIRECTS = 5;
/** Without a byte for so long an answer is given up. */
const IDLE_MS = 30_000;
/** Waits before what may be otherwise is tried again. */
const WAITS_MS = [500, 1000, 2000, 4000];
/** Too many requests, and servers that are busy or just start. */
const TRANSIENT = [408, 425, 429, 500, 502, 503, 504];

interface Asked extends AddressRules, AskedFile {
  /** Default {@link WAITS_MS}. */
  readonly waitsMs?: readonly number[];
  /** Default {@link IDLE_MS}. */
  readonly idleMs?: number;
  /** Ends it: what is thrown then says nothing of the server. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gets an address, behind at most five redirects, each to an address that may be asked,
 * and tries again with growing waits what may be otherwise then. Answers of other statuses than 200
 * and 206 have no body. Throws {@link ModelServerError}.
 */
export async function ask(address: URL, asked: Asked): Promise<Response> {
  const { waitsMs = WAITS_MS, signal } = asked;
  for (let attempt = 0; ; attempt++)
    try {
      return await attempted(address, asked);
    } catch (error) {
      const pause = waitsMs[attempt];
      if (!(error instanceof TransientServerError) || pause === undefined) throw error;
      await wait(pause, undefined, { signal });
    }
}

async function attempted(address: URL, asked: Asked): Promise<Response> {
  let url = address;
  let sum: string | undefined;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await once(url, asked);
    const { statusCode: status = 0, headers } = answer;
    if (status >= 300 && status < 400 && headers.location !== undefined) {
      answer.destroy();
      url = redirected(url, headers.location);
      // The hub tells the sum of a file before it leads to where that lies.
      sum ??= [headers[LINKED_SUM]].flat()[0];
      continue;
    }
    if (TRANSIENT.includes(status)) {
      answer.destroy();
      throw new TransientServerError(`the server answers ${status}: try again later`);
    }
    const isRead = status === 206 || (status === 200 && asked.whole === true);
    const body = isRead ? await bodyOf(answer, asked.most) : undefined;
    answer.destroy();
    const told = plain(sum === undefined ? headers : { ...headers, [LINKED_SUM]: sum });
    return new Response(body ?? null, { status: Math.max(status, 200), headers: told });
  }
  throw new ModelServerError(
    `more than ${MOST_REDIRECTS} redirects: give the address they lead to`,
  );
}

function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from))
    throw new ModelServerError('the server leads to something that is no address');
  const url = new URL(location, from);
  checkAddress(url);
  if (from.protocol === 'https:' && url.protocol !== 'https:')
    throw new ModelServerError(`the server leads from https to ${url.protocol}//${url.hostname}`);
  return url;
}

/** One request; the connection goes to the very address that was looked up and found allowed. */
function once(
  url: URL,
  { headers, isLocalAllowed = true, idleMs = IDLE_MS, signal }: Asked,
): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!isLocalAllowed && isLocalName(host)) throw refusedLocal(host);
  const send = url.protocol === 'https:' ? askSecurely : askPlain;
  return new Promise((resolve, reject) => {
    const call = send(url, {
      headers: { 'accept-encoding': 'identity', ...headers },
      timeout: idleMs,
      signal,
      ...(isLocalAllowed ? {} : { lookup: publicLookup }),
    });
    const fail = (error: unknown) => {
      reject(
        error instanceof ModelServerError
          ? error
          : new TransientServerError(
              `${url.host} does not answer (${messageOf(error)}): is the address right?`,
              { cause: error },
            ),
      );
    };
    call.on('response', resolve);
    call.on('timeout', () => call.destroy(silent(url.host, idleMs)));
    call.on('error', fail);
    call.end();
  });
}

/** Who takes a connection and says nothing for so long will not when asked again. */
const silent = (host: string, idleMs: number) =>
  new ModelServerError(
    `${host} does not answer (nothing came for ${idleMs / 1000} s): is the address right?`,
  );

/** A name that is an IP address is not looked up. */
const isLocalName = (host: string): boolean => /^[\d.]+$|:/.test(host) && isLocal(host);

const refusedLocal = (host: string) =>
  new ModelServerError(
    `${host} is this computer or its network, which a page may not ask: use npm start -- train --model`,
  );

const publicLookup: LookupFunction = (host, options, done) =>
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error) return done(error, []);
    if (found.some(({ address }) => isLocal(address))) return done(refusedLocal(host), []);
    if (options.all) return done(null, found);
    const [first] = found;
    done(null, first?.address ?? '', first?.family);
  });

async function bodyOf(answer: IncomingMessage, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of answer as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      if (bytes > most)
        throw new ModelServerError(`the server gives more than the ${most} bytes that it should`);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof ModelServerError) throw error;
    throw new TransientServerError(`the server broke off (${messageOf(error)}): try again later`, {
      cause: error,
    });
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

const plain = (headers: IncomingMessage['headers']): Headers =>
  new Headers(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as [string, string]] : [],
    ),
  );
