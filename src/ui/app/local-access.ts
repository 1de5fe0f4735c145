/**
 * Whether this page may reach other programs on this computer, or the browser will ask the person.
 */
export type LocalAccess = 'allowed' | 'asks' | 'denied';

/**
 * What browsers call the permission, the newest name first: one for both kinds of network came
 * before one for each.
 */
const NAMES = ['loopback-network', 'local-network-access'] as const;

/**
 * What stands between the page and loopback. A page from this computer needs no permission; where
 * the browser knows no such permission, there is nothing to ask for.
 * https://wicg.github.io/local-network-access/
 */
export async function localAccess(): Promise<LocalAccess> {
  const state = await permission();
  if (state === 'denied') return 'denied';
  return state === 'prompt' && !isServedLocally(location.hostname) ? 'asks' : 'allowed';
}

async function permission(): Promise<PermissionState | undefined> {
  for (const name of NAMES) {
    try {
      return (await navigator.permissions.query({ name: name as PermissionName })).state;
    } catch {
      // This browser knows another name, or none.
    }
  }
  return undefined;
}

function isServedLocally(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '127.0.0.1' || host === '[::1]'
  );
}
