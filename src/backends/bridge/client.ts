import { messageOf } from '../../errors.ts';
import { KEBAB_CASE } from '../../formats/fields.ts';
import { type BridgeAddress, bridgeOrigin } from './address.ts';
import { type BridgeDevices, readDevices } from './devices.ts';
import { BridgeError, BridgeLacksError, BridgeTimeoutError } from './error.ts';
import { readBounded } from './read-bounded.ts';

/**
 * What one call may take; the bridge has its own, smaller limits, so that it is the one who says
 * what was too much.
 */
export interface BridgeLimits {
  /** Most bytes of a question and of an answer. Default 64 MiB. */
  readonly bytes: number;
  /**
   * For the bridge to start and say what it can, in milliseconds; where there is a GPU it loads
   * PyTorch for that. Default 130 000.
   */
  readonly startMs: number;
  /**
   * From sending a question to the end of its answer, the wait in the queue and for a library to
   * load included, in milliseconds. Default 90 000.
   */
  readonly answerMs: number;
}

const BRIDGE_LIMITS: BridgeLimits = { bytes: 64 * 2 ** 20, startMs: 130_000, answerMs: 90_000 };

/** The bridge's queue as a page sees it. */
export interface BridgeQueue {
  /** Questions of all pages together, the one that is computed included. */
  readonly jobs: number;
  /**
   * How many come before the first one of this page; 0 while that is computed, and when it has
   * none.
   */
  readonly ahead: number;
}

/**
 * Codes that say why there is nothing to compare: the library lacks it, or refuses these inputs.
 * Other refusals are failures of the bridge itself.
 */
const LACKS: ReadonlySet<string> = new Set([
  'not-implemented',
  'missing-library',
  'missing-device',
  'missing-backend',
  'library-failed',
]);
const SHOWN_CHARACTERS = 300;
/** An explanation or a list of devices is never longer. */
const MOST_JSON_BYTES = 2 ** 20;

/**
 * The page's side of the protocol: sends, bounds what comes back in size and time, and tells every
 * failure apart.
 */
export class BridgeClient {
  readonly #address: BridgeAddress;
  readonly #limits: BridgeLimits;
  /** The common beginning of the names of all jobs of a page, whichever of its workers asks. */
  readonly page: string;

  /** `page` is a name of letters and digits, 20 at most. Default a new one. */
  constructor(
    address: BridgeAddress,
    limits: BridgeLimits = BRIDGE_LIMITS,
    page: string = crypto.randomUUID().slice(0, 8),
  ) {
    this.#address = address;
    this.#limits = limits;
    this.page = page;
  }

  /**
   * What the bridge can compute with. Throws {@link BridgeError}, and the signal's reason when it
   * aborts.
   */
  async devices(signal?: AbortSignal): Promise<BridgeDevices> {
    const call = {
      what: 'the bridge did not list its devices',
      limitMs: this.#limits.startMs,
      bytes: MOST_JSON_BYTES,
      signal,
    };
    return readDevices(parseJson(await this.#call('/devices', {}, call)));
  }

  /**
   * The answer to a question, both safetensors files. Throws {@link BridgeError}, and the signal's
   * reason when it aborts.
   */
  async ask(
    backend: string,
    question: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes, answerMs } = this.#limits;
    if (question.byteLength > bytes) {
      throw new BridgeLacksError(
        'bridge-too-large',
        `the inputs have ${question.byteLength} bytes; a bridge takes ${bytes}`,
      );
    }
    const request = {
      method: 'POST',
      body: question,
      headers: {
        'content-type': 'application/octet-stream',
        'gradproof-job': `${this.page}-${crypto.randomUUID()}`,
      },
    };
    const call = { what: `${backend} did not answer`, limitMs: answerMs, bytes, signal };
    return this.#call(`/run?backend=${encodeURIComponent(backend)}`, request, call);
  }

  /**
   * How long the bridge's queue is, and where this page stands in it. Throws {@link BridgeError}.
   */
  async queue(signal?: AbortSignal): Promise<BridgeQueue> {
    const call = {
      what: 'the bridge did not report its queue',
      limitMs: this.#limits.answerMs,
      bytes: MOST_JSON_BYTES,
      signal,
    };
    const answer = parseJson(await this.#call(`/health?job=${this.page}`, {}, call)) as {
      readonly [name: string]: unknown;
    } | null;
    const count = (name: string) =>
      Number.isSafeInteger(answer?.[name]) ? Number(answer?.[name]) : 0;
    return { jobs: count('jobs'), ahead: count('ahead') };
  }

  async #call(
    path: string,
    request: RequestInit,
    { what, limitMs, bytes, signal }: Call,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const limit = AbortSignal.timeout(limitMs);
    const ending = signal ? AbortSignal.any([signal, limit]) : limit;
    try {
      const response = await this.#fetch(path, { ...request, signal: ending });
      const content = await readBounded(response, response.ok ? bytes : MOST_JSON_BYTES, ending);
      if (!response.ok) throw refusalOf(response.status, content);
      return content;
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.aborted) throw new BridgeTimeoutError(what, limitMs);
      throw error;
    }
  }

  async #fetch(path: string, request: RequestInit): Promise<Response> {
    const headers = { ...request.headers, authorization: `Bearer ${this.#address.token}` };
    const origin = bridgeOrigin(this.#address);
    try {
      // A redirect would carry the token elsewhere.
      const init = {
        ...request,
        headers,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
      } as const;
      return await fetch(`${origin}${path}`, { ...init, ...LOOPBACK });
    } catch (cause) {
      throw new BridgeError(
        'bridge-unreachable',
        `no bridge answers this page at ${origin} (${messageOf(cause)}): start it with the option --bridge, and let the page reach this device if the browser asks`,
        { cause },
      );
    }
  }
}

/** How one call differs from another. */
interface Call {
  /** What did not happen in time, for the message. */
  readonly what: string;
  readonly limitMs: number;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Says that the request stays on this device, which a page from the public web must, and which lets
 * it name http from https. Browsers that know another set of names throw at this one, and those
 * that know none ignore it. https://wicg.github.io/local-network-access/
 */
const LOOPBACK: RequestInit = knowsLoopback()
  ? ({ targetAddressSpace: 'loopback' } as RequestInit)
  : {};

function knowsLoopback(): boolean {
  try {
    return (
      'targetAddressSpace' in
      new Request('http://127.0.0.1/', { targetAddressSpace: 'loopback' } as RequestInit)
    );
  } catch {
    return false;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BridgeError(
      'bridge-answer',
      'the bridge answered with something that is no JSON: is another program on its port?',
      {
        cause,
      },
    );
  }
}

/** What a refusal says; nothing in it is taken on trust. */
function refusalOf(status: number, content: Uint8Array): BridgeError {
  const { code, message } = (parseJson(content) ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  if (
    typeof code !== 'string' ||
    typeof message !== 'string' ||
    code.length > 40 ||
    !KEBAB_CASE.test(code)
  ) {
    return new BridgeError(
      'bridge-answer',
      `the bridge refused with status ${status} and without a reason: is another program on its port?`,
    );
  }
  const shown = message.replaceAll(/\p{Cc}+/gu, ' ').slice(0, SHOWN_CHARACTERS);
  return LACKS.has(code)
    ? new BridgeLacksError(code, shown)
    : new BridgeError(`bridge-${code}`, `the bridge says: ${shown}`);
}
