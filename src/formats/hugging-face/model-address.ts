import { ModelServerError } from './model-server-error.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Whether an address is one of this computer's. */
export const isLoopback = ({ hostname }: Pick<URL, 'hostname'>): boolean =>
  LOOPBACK.includes(hostname);

/** Whether something names a server in place of a path. */
export const isAddress = (model: string): boolean => /^https?:\/\//i.test(model);

/**
 * The address of a folder, which ends with a slash, or of a `.gguf` file; in a page whose address is
 * `own` also by its path on the page's server. Throws ModelServerError for one that is no address, and
 * for another server's that carries a password, or is plain http and not of this computer.
 */
export function modelAddress(text: string, own?: string): URL {
  const url = URL.canParse(text, own) ? new URL(text, own) : undefined;
  if (!url) throw new ModelServerError('is no address: give https://server/folder/');
  if (own === undefined || url.origin !== new URL(own).origin) checkAddress(url);
  url.hash = '';
  url.search = '';
  if (!url.pathname.endsWith('/') && !/\.gguf$/i.test(url.pathname)) url.pathname += '/';
  return url;
}

/** Throws {@link ModelServerError} for an address that may not be asked. */
export function checkAddress(url: URL): void {
  const { protocol, hostname, username, password } = url;
  if (username || password)
    throw new ModelServerError('an address with a name and a password is not asked');
  if (protocol === 'https:') return;
  if (protocol !== 'http:' || !isLoopback(url))
    throw new ModelServerError(
      `${protocol}//${hostname} is asked by https alone: plain http is for this computer`,
    );
}

/** What reports and ids call the model of an address: its last folder, or the file. */
export function nameOfAddress(named: string): string {
  const parts = modelAddress(named)
    .pathname.split('/')
    .filter((part) => part !== '');
  // Hugging Face's servers have the files of a repository under resolve/<revision>.
  const end = parts.at(-2) === 'resolve' ? -2 : parts.length;
  return parts.slice(0, end).at(-1) ?? 'model';
}
