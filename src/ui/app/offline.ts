import { Observable } from '../controls/observable.ts';

/**
 * `ready`: the page works without a network. `newer`: another build has come in, and is shown after
 * a reload.
 */
export type Offline = 'unknown' | 'ready' | 'newer';

/**
 * Asked for a newer build at most this often, when the person comes back to the tab. Milliseconds.
 */
const ASK_MS = 3_600_000;

/**
 * Keeps the page for visits without a network, where the browser can. Resolves at once; what it
 * found is told by what it returns.
 */
export function keepOffline(): Observable<Offline> {
  const state = new Observable<Offline>('unknown');
  const workers = 'serviceWorker' in navigator ? navigator.serviceWorker : undefined;
  // The page with the bridge needs its server in any case.
  if (!workers || !import.meta.env.PROD || location.pathname.endsWith('/bridge.html')) return state;
  if (workers.controller) state.value = 'ready';
  workers.addEventListener('controllerchange', async () => {
    state.value = (await isNewest()) ? 'ready' : 'newer';
  });
  // The first screen comes first: what is kept is loaded when nothing else is.
  const begin = () => setTimeout(() => register(workers), 500);
  if (document.readyState === 'complete') begin();
  else window.addEventListener('load', begin, { once: true });
  return state;
}

/**
 * Whether this page is of the build that came in last: names of chunks change with what they load.
 */
async function isNewest(): Promise<boolean> {
  const entry = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.src;
  // As the service worker names them.
  const mine = `gradproof ${new URL('.', document.baseURI).pathname} `;
  const newest = (await caches.keys()).filter((name) => name.startsWith(mine)).at(-1);
  return (
    entry === undefined ||
    newest === undefined ||
    (await caches.match(entry, { cacheName: newest })) !== undefined
  );
}

async function register(workers: ServiceWorkerContainer): Promise<void> {
  try {
    const registration = await workers.register(new URL('sw.js', document.baseURI), {
      updateViaCache: 'none',
    });
    let asked = Date.now();
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState !== 'visible' || Date.now() - asked < ASK_MS) return;
      asked = Date.now();
      registration.update().catch(() => {});
    });
  } catch {
    // A browser that keeps nothing, as in a private window: the page works while there is a
    // network.
  }
}
