import { randomUUID } from 'node:crypto';

/** Folders that the page of this server reaches, each under an address that no one can guess. */
export class AddressedFolders<T> {
  readonly #prefix: string;
  readonly #folders = new Map<string, T>();

  /** `prefix` begins the addresses, so that those of other folders differ. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The address of a folder from now on, which ends with a slash. */
  add(folder: T): string {
    const url = `/${this.#prefix}-${randomUUID()}/`;
    this.#folders.set(url, folder);
    return url;
  }

  /** The folder of an address, and the name behind it; undefined of an address that is none. */
  at(address: string): { readonly folder: T; readonly name: string } | undefined {
    const end = address.indexOf('/', 1) + 1;
    const folder = this.#folders.get(address.slice(0, end));
    return folder === undefined ? undefined : { folder, name: address.slice(end) };
  }

  all(): Iterable<T> {
    return this.#folders.values();
  }
}
