/// <reference lib="webworker" />

/**
 * A file of this build: its path below the page's folder, its SHA-256 in hex, and its media type.
 */
interface Precached {
  readonly path: string;
  readonly sha256: string;
  readonly type: string;
}

/**
 * What the build writes in: everything that the page needs without a network, and the policy of the
 * page.
 */
declare const __PRECACHE__: {
  readonly version: string;
  readonly files: readonly Precached[];
  readonly policy: string;
};

const worker = globalThis as unknown as ServiceWorkerGlobalScope;
const { version, files, policy } = __PRECACHE__;
/** Caches belong to the host: pages below several of its paths must not take each other's. */
const PREFIX = `gradproof ${new URL(worker.registration.scope).pathname} `;
const CURRENT = PREFIX + version;
/** How long a visit waits for the network before the page comes out of the cache. Milliseconds. */
const PATIENCE_MS = 3_000;

/**
 * Hosts that send no headers get them here: the policy for workers, and the isolation that gives
 * finer clocks.
 */
const HEADERS = {
  'content-security-policy': policy,
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

const urlOf = (path: string) => new URL(path, worker.registration.scope).href;
const INDEX = urlOf('index.html');

/**
 * A build comes in whole or not at all: each file is the one that the build names, or nothing is
 * kept.
 */
worker.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      // The newest build is the last among the caches, also when an older one comes back.
      await caches.delete(CURRENT);
      const cache = await caches.open(CURRENT);
      try {
        await Promise.all(files.map(async (file) => cache.put(urlOf(file.path), await load(file))));
      } catch (error) {
        await caches.delete(CURRENT);
        throw error;
      }
      // Pages of an older build go on: what they still load is found in the older cache by its
      // content's hash.
      await worker.skipWaiting();
    })(),
  );
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const mine = (await caches.keys()).filter(
        (name) => name.startsWith(PREFIX) && name !== CURRENT,
      );
      await Promise.all(mine.slice(0, -1).map((name) => caches.delete(name)));
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (
    request.method !== 'GET' ||
    !url.href.startsWith(worker.registration.scope) ||
    request.headers.has('range')
  )
    return;
  url.search = '';
  url.hash = '';
  if (request.mode === 'navigate') {
    if (url.href === INDEX || url.href === worker.registration.scope)
      event.respondWith(pageFirstFromNetwork(request));
    return;
  }
  event.respondWith(asset(event, url.href));
});

/**
 * The newest page where there is a network: which build is shown is decided here, and by nothing
 * else.
 */
async function pageFirstFromNetwork(request: Request): Promise<Response> {
  const network = fetch(request);
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS));
  const response = await Promise.race([network, late]).catch(() => undefined);
  if (response?.ok) {
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(HEADERS))
      if (!headers.has(name)) headers.set(name, value);
    return new Response(response.body, { status: response.status, headers });
  }
  if (response?.type === 'opaqueredirect') return response;
  return (await (await caches.open(CURRENT)).match(INDEX)) ?? network;
}

/**
 * Names with a hash hold one content for ever, so any cache will do; what has none comes from the
 * network while there is one.
 */
async function asset(event: FetchEvent, url: string): Promise<Response> {
  // The page with the bridge has a policy of its own, which only its server knows.
  const client = await worker.clients.get(event.clientId);
  if (client && new URL(client.url).pathname.endsWith('/bridge.html')) return fetch(event.request);
  const hashed = /-[\w-]{8}\.\w+$|\/[0-9a-f]{64}\.txt$/.test(url);
  const cached = await caches.match(url);
  if (hashed && cached) return cached;
  try {
    const response = await fetch(event.request);
    if (response.ok && /\/(?:parity|baselines|model)\//.test(url))
      await (await caches.open(CURRENT)).put(url, response.clone());
    return response.ok ? response : (cached ?? response);
  } catch (error) {
    if (cached) return cached;
    throw error;
  }
}

/** A file of this build, checked. */
async function load({ path, sha256, type }: Precached): Promise<Response> {
  const response = await fetch(urlOf(path), { cache: 'no-cache' });
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (!response.ok || found !== sha256)
    throw new Error(`${path} is not of this build: the next visit tries again`);
  return new Response(bytes, { headers: { ...HEADERS, 'content-type': type } });
}
