import { Observable } from '../controls/observable.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';

/** What the address bar says, and the way to elsewhere. */
export class Router {
  readonly address: Observable<Address>;
  readonly #views: readonly { readonly name: string }[];

  constructor(views: readonly { readonly name: string }[]) {
    this.#views = views;
    this.address = new Observable(parseAddress(location.search, views, location.hash));
  }

  /** Takes what the address bar says now, after it changed by itself. */
  read(): void {
    this.address.value = parseAddress(location.search, this.#views, location.hash);
  }

  /**
   * Changes the address bar and the page with it; it points at a row only where `change` names one.
   * `replace` leaves no entry in the history, for what changes with every key.
   */
  go(change: Partial<Omit<Address, 'problem'>>, replace = false): void {
    const { problem: _, row: __, ...kept } = this.address.value;
    const address = { ...kept, ...change };
    const url = `${location.pathname}${formatAddress(address)}`;
    if (replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.address.value = address;
  }
}
