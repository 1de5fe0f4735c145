import { GradproofError } from '../errors.ts';
import { type Outcome, resultOf } from '../harness/headless/outcome.ts';
import type { Report } from '../report/schema.ts';
import type { BenchListener } from './host.ts';
import type { ForeignListener, ForeignOutcome, ForeignRequest } from './matrix/request.ts';
import type { FromBench, PeerFiles, ToBench } from './messages.ts';
import { PEERS_COMMAND } from './peer-names.ts';
import type { BenchRequest } from './request.ts';

/** What this page's server cannot give. */
class BenchUnavailableError extends GradproofError {
  constructor(message: string) {
    super('bench-unavailable', message);
  }
}

/** Whether a file is compiled code of a peer, with whose name the names of its package begin. */
const isAssetOf = (peer: string, file: string) =>
  file.endsWith('.wasm') && /^[a-z]+/.exec(file)?.[0] === peer;

/**
 * Runs bench in a frame of its own: an origin that has neither network nor storage, in which
 * WebAssembly runs. Peers are fetched here and now, by this page. Throws UnusableError where there
 * is no adapter, and what ended the run.
 */
export function runInFrame(
  { options, peers }: BenchRequest,
  listen: BenchListener,
  signal: AbortSignal,
): Promise<Report> {
  return inFrame<Report>(
    peers,
    (given) => ({ type: 'start', options, peers: given }),
    (data) => {
      if (data.type === 'event') listen(data.event);
      return data.type === 'ended' ? data.outcome : undefined;
    },
    signal,
  );
}

/** Asks peers for their cells of the matrix, in such a frame; throws as {@link runInFrame}. */
export function foreignInFrame(
  { peers, ...asked }: ForeignRequest,
  listen: ForeignListener,
  signal: AbortSignal,
): Promise<ForeignOutcome> {
  return inFrame<ForeignOutcome>(
    peers,
    (given) => ({ type: 'matrix', ...asked, peers: given }),
    (data) => {
      if (data.type === 'cell') listen(data.cell);
      return data.type === 'matrix-ended' ? data.outcome : undefined;
    },
    signal,
  );
}

/** Begins with a message, once the frame is there, and listens until an outcome comes. */
async function inFrame<T>(
  peers: readonly string[],
  begin: (given: readonly PeerFiles[]) => ToBench,
  hear: (data: FromBench) => Outcome<T> | undefined,
  signal: AbortSignal,
): Promise<T> {
  const address = await (await asked('bench-frame')).text();
  const files = await filesOfPeers();
  const given = await Promise.all(peers.map((name) => peerFiles(name, address, files)));
  const frame = frameAt(address);
  const post = (message: ToBench) => frame.contentWindow?.postMessage(message, '*');
  const cancel = () => post({ type: 'cancel' });
  const ended = new AbortController();
  try {
    return await new Promise<T>((resolve) => {
      const told = ({ source, data }: MessageEvent<FromBench>) => {
        if (source !== frame.contentWindow) return;
        if (data.type === 'ready') {
          post(begin(given));
          if (signal.aborted) cancel();
          return;
        }
        const outcome = hear(data);
        if (outcome) resolve(new Promise((ok) => ok(resultOf(outcome))));
      };
      addEventListener('message', told, { signal: ended.signal });
      signal.addEventListener('abort', cancel, { signal: ended.signal });
      document.body.append(frame);
    });
  } finally {
    ended.abort();
    frame.remove();
  }
}

/**
 * A frame that a person does not meet. It stands in sight, if only a pixel of it does: out of sight
 * it would get no animation frames, for which a library may wait.
 */
function frameAt(address: string): HTMLIFrameElement {
  const frame = document.createElement('iframe');
  frame.sandbox.add('allow-scripts');
  // Isolated, its clock has steps of 5 microseconds.
  frame.allow = 'cross-origin-isolated';
  frame.src = address;
  frame.ariaHidden = 'true';
  frame.tabIndex = -1;
  const place = { position: 'fixed', insetBlockEnd: '0', insetInlineEnd: '0' };
  Object.assign(frame.style, { ...place, inlineSize: '1px', blockSize: '1px', border: '0' });
  return frame;
}

/** The address of its module in the frame, and what it cannot fetch there. */
async function peerFiles(
  name: string,
  frame: string,
  files: readonly string[],
): Promise<PeerFiles> {
  if (!files.includes(`${name}.js`))
    throw new BenchUnavailableError(`${name} is not installed: run ${PEERS_COMMAND}`);
  const assets = await Promise.all(
    files
      .filter((file) => isAssetOf(name, file))
      .map(async (file) => [file, await (await asked(`peers/${file}`)).arrayBuffer()] as const),
  );
  const folder = new URL('peers/', new URL(frame, document.URL)).href;
  return { name, folder, assets: Object.fromEntries(assets) };
}

async function filesOfPeers(): Promise<readonly string[]> {
  return (await (await asked('peers/index.json')).json()) as readonly string[];
}

async function asked(path: string): Promise<Response> {
  const response = await fetch(new URL(path, document.URL));
  if (response.ok) return response;
  throw new BenchUnavailableError(
    `${path} cannot be had (${response.status}): bench runs where npm start serves the page`,
  );
}
