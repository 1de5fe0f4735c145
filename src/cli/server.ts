import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import type { ServedFolder } from '../formats/hugging-face/folder-place.ts';
import { MODEL_RELAY, relayedPath, SINK_RELAY } from '../formats/page-relay.ts';
import { CheckpointServer } from './checkpoint-server.ts';
import { FolderServer, sendPart } from './folder-server.ts';
import { relayFile } from './model-relay.ts';
import { OutputServer } from './output-server.ts';
import { relayToSink } from './sink-relay.ts';
import { answerText } from './text-answer.ts';

/** The page, served to this machine alone. */
export interface PageServer extends AsyncDisposable {
  /** `http://localhost:PORT/` */
  readonly url: string;
  /**
   * From now on pages that are loaded may also ask this origin, a bridge on loopback, and no other.
   */
  allow(origin: string): void;
  /**
   * Gives the page the files of a folder, under an address of this run. Throws FolderPlaceError for
   * one with links that lead out of it.
   */
  serveFolder(path: string): Promise<ServedFolder>;
  /** Lets the page keep checkpoints in a folder, under an address of this run, which it returns. */
  keepCheckpoints(path: string): string;
  /** Lets the page write files into a folder, likewise. */
  takeFiles(path: string): string;
}

/**
 * The page's usual port: what the page keeps belongs to its origin, so the port should not change.
 */
export const PAGE_PORT = 7357;

/** Where a share link is read. */
export const PAGE_ADDRESS = `http://localhost:${PAGE_PORT}/`;

/** The built page, beside the built command line. */
export const PAGE_FOLDER = fileURLToPath(new URL('../page', import.meta.url));

/** The peers of bench, where they are installed: see {@link PageServer}. */
export const PEERS_FOLDER = fileURLToPath(new URL('../peers', import.meta.url));

/** The page whose own policy lets it ask a bridge on loopback; the usual page may not. */
export const BRIDGE_PAGE = 'bridge.html';

/** The pages that show a bench: alone of all they may have a frame, in which the bench runs. */
const BENCH_PAGES = ['/bench.html', '/headless-bench.html'];

/** Where links lead; src/ui/share/share-base.ts reads it. */
const SHARE_COOKIE = 'gradproof-share-base';

/** What tells {@link BENCH_PAGES} the address of their frame. */
const FRAME_ADDRESS = '/bench-frame';

/**
 * Nothing but what the page brings along may run or load, and nothing but it and `allowed` be
 * asked; no page may frame it.
 */
function contentSecurityPolicy(allowed: readonly string[], path: string): string {
  return [
    ...(BENCH_PAGES.includes(path) ? ["frame-src 'self'"] : []),
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    ["connect-src 'self'", ...allowed].join(' '),
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * What is under this policy has an origin of its own: it computes, WebAssembly too, and can neither
 * ask anyone nor keep anything. Its scripts come from this server.
 */
function framePolicy(origin: string): string {
  return [
    'sandbox allow-scripts',
    "default-src 'none'",
    `script-src ${origin} 'wasm-unsafe-eval'`,
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
}

/** A frame of another origin may load these. */
const FRAME_HEADERS = {
  'access-control-allow-origin': 'null',
  'cross-origin-resource-policy': 'cross-origin',
};

const HEADERS = {
  // A stored response keeps its policy, which may name the bridge of an earlier run; it is not
  // replaced when a 304 renews the rest.
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  // Isolated pages have clocks of 5 microseconds, others of 100.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // not installed
  }
}

/** Tells the page's scripts an address, or that there is none any more. */
function cookie(name: string, address: string | undefined): string {
  const value = encodeURIComponent(address ?? '');
  return `${name}=${value}; Path=/; SameSite=Strict${value ? '' : '; Max-Age=0'}`;
}

/** A file of the peers: with a number before it the same, as another instance of its module. */
const OF_PEERS = /^\/peers(?:\/\d+)?(\/.*)$/;

/** What a person lets the page reach through this server. */
interface Reached {
  /** The origin of a server with models. */
  readonly models?: string | undefined;
  /** The address, without a slash at its end, of a sink that takes logs of runs. */
  readonly sink?: string | undefined;
}

/**
 * Serves `folder` on loopback. `port` is taken when it is free, so that what the page keeps stays
 * under one origin; else any other. A request that names another host (a foreign page that rebound
 * its name to loopback) is refused. `shareBase` is where the page's links lead, if not to itself.
 * What is in `peers` is under /peers/, with the names of all of it in /peers/index.json. The same
 * files are served once more, for the frame of a bench, under an address that only the pages of
 * this server can ask for. What is `reached` besides is reached by the page alone.
 */
export async function servePage(
  folder: string,
  port = 0,
  shareBase?: string,
  peers = PEERS_FOLDER,
  reached: Reached = {},
): Promise<PageServer> {
  const files = sirv(folder, {
    etag: false,
    brotli: true,
    setHeaders: (response, path) => {
      if (!/(?:\/|\.html)$/.test(path)) return;
      response.setHeader('set-cookie', [
        cookie(SHARE_COOKIE, shareBase),
        cookie(MODEL_RELAY.cookie, reached.models),
        cookie(SINK_RELAY.cookie, reached.sink),
      ]);
    },
  });
  const libraries = sirv(peers, { dev: true, etag: false });
  const frame = `/frame-${randomUUID()}`;
  const folders = new FolderServer();
  const checkpoints = new CheckpointServer();
  const outputs = new OutputServer();
  const allowed: string[] = [];
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const [path = ''] = (request.url ?? '').split('?');
    response.setHeader('content-security-policy', contentSecurityPolicy(allowed, path));
    const own = `http://localhost:${taken}`;
    const hosts = ['localhost', '127.0.0.1'].map((host) => `${host}:${taken}`);
    const refuse = (status: number, text: string) => answerText(response, status, text);
    if (!hosts.includes(request.headers.host ?? ''))
      return refuse(403, 'this server answers to localhost alone\n');
    const toSink = reached.sink === undefined ? undefined : relayedPath(path, SINK_RELAY);
    const isTold = toSink !== undefined && request.method === 'POST';
    const kept = [checkpoints, outputs].find((folder) => folder.has(path));
    if (!isTold && !kept && request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(405, 'only GET and HEAD\n');
    const tell = (type: string, text: string) =>
      void response.writeHead(200, { 'content-type': type }).end(text);
    if (path === FRAME_ADDRESS) return tell('text/plain', `${frame}/bench-frame.html`);
    if (path === '/peers/index.json')
      return tell('application/json', JSON.stringify(filesIn(peers)));
    const shared = folders.pathOf(path);
    const ofModel = reached.models === undefined ? undefined : relayedPath(path, MODEL_RELAY);
    if (isTold || kept || shared !== undefined || ofModel !== undefined) {
      // Other pages of this machine, on other ports too, are of another origin.
      const { origin = own, 'sec-fetch-site': site = 'same-origin' } = request.headers;
      if (origin !== own || site !== 'same-origin')
        return refuse(403, 'only the page of this server may ask for that\n');
      if (isTold) return void relayToSink(reached.sink ?? '', toSink, request, response);
      if (kept) return void kept.answer(path, request, response);
      if (shared !== undefined) return void sendPart(shared, request, response);
      return void relayFile(reached.models ?? '', ofModel ?? '', request, response);
    }
    if (path.startsWith(`${frame}/`)) {
      for (const [name, value] of Object.entries(FRAME_HEADERS)) response.setHeader(name, value);
      response.setHeader('content-security-policy', framePolicy(own));
      request.url = path.slice(frame.length);
    }
    const ofPeers = request.url?.match(OF_PEERS)?.[1];
    if (ofPeers !== undefined) request.url = ofPeers;
    const serve = ofPeers !== undefined ? libraries : files;
    serve(request, response, () => refuse(404, 'there is no such file\n'));
  });
  const listen = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(port).catch(() => listen(0));
  const taken = (server.address() as AddressInfo).port;
  return {
    url: `http://localhost:${taken}/`,
    allow: (origin) => void allowed.push(origin),
    serveFolder: (path) => folders.add(path),
    keepCheckpoints: (path) => checkpoints.add(path),
    takeFiles: (path) => outputs.add(path),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await outputs[Symbol.asyncDispose]();
    },
  };
}
