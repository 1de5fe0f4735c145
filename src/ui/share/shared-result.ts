import { isPairFragment } from '../app/address.ts';
import { Observable } from '../controls/observable.ts';
import { readShared, type Shared } from './shared.ts';

/** Someone's result that the address holds: `reading` until it is read. */
export class SharedResult extends Observable<Shared | 'reading' | undefined> {
  constructor() {
    super(undefined);
  }

  /** Reads what the fragment of the address holds now. */
  async read(): Promise<void> {
    const fragment = location.hash;
    if (fragment.length <= 1 || isPairFragment(fragment)) {
      this.value = undefined;
      return;
    }
    this.value = 'reading';
    const shared = await readShared(fragment);
    if (fragment === location.hash) this.value = shared;
  }
}
