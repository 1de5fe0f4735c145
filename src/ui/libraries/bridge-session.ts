import { type BridgeAddress, parseBridgeFragment } from '../../backends/bridge/address.ts';
import type { BridgeClient, BridgeQueue } from '../../backends/bridge/client.ts';
import type { BridgeDevices } from '../../backends/bridge/devices.ts';
import { messageOf } from '../../errors.ts';
import type { Live } from '../../harness/live.ts';
import { localAccess } from '../app/local-access.ts';
import { Observable } from '../controls/observable.ts';

/** How the page stands with the bridge that its address named. */
export type BridgeState =
  | { readonly phase: 'absent' }
  /**
   * The browser will ask the person whether the page may reach this device; the page explains that
   * first.
   */
  | { readonly phase: 'explaining' }
  | { readonly phase: 'refused' }
  | { readonly phase: 'connecting' }
  | { readonly phase: 'failed'; readonly problem: string }
  | {
      readonly phase: 'connected';
      readonly devices: BridgeDevices;
      /** Ids of the devices that the next run uses. */
      readonly chosen: ReadonlySet<string>;
      /** The bridge's queue, while a run goes on. */
      readonly queue: BridgeQueue;
    };

const KEY = 'gradproof.bridge';
const EMPTY_QUEUE: BridgeQueue = { jobs: 0, ahead: 0 };
/** How often the bridge is asked for its queue while a run goes on. Milliseconds. */
const QUEUE_MS = 1_000;

/** The page's connection to the Python bridge on this computer, for as long as the tab lives. */
export class BridgeSession {
  readonly state = new Observable<BridgeState>({ phase: 'absent' });
  #address: BridgeAddress | undefined;
  #client: BridgeClient | undefined;

  /**
   * Takes a bridge's address out of the page's own, so that it stays in no bookmark; whether there
   * was one.
   */
  takeFragment(): boolean {
    const address = parseBridgeFragment(location.hash);
    if (!address) return false;
    history.replaceState(history.state, '', `${location.pathname}${location.search}`);
    keep(address);
    this.#begin(address);
    return true;
  }

  /**
   * Goes on with the bridge that this tab knew before it was loaded again; resolves when that is
   * settled.
   */
  async restore(): Promise<void> {
    const address = kept();
    if (address) await this.#begin(address);
  }

  /** Connects, whatever stood in the way before; the browser may ask the person now. */
  async connect(): Promise<void> {
    const address = this.#address;
    if (!address) return;
    this.state.value = { phase: 'connecting' };
    try {
      const { BridgeClient } = await import('../../backends/bridge/client.ts');
      this.#client = new BridgeClient(address);
      const devices = await this.#client.devices();
      this.state.value = {
        phase: 'connected',
        devices,
        chosen: new Set(devices.backends.map(({ id }) => id)),
        queue: EMPTY_QUEUE,
      };
    } catch (error) {
      const refused = (await localAccess()) === 'denied';
      this.state.value = refused
        ? { phase: 'refused' }
        : { phase: 'failed', problem: messageOf(error) };
    }
  }

  /** Uses a device in the next run, or does not. */
  choose(id: string, use: boolean): void {
    const { value } = this.state;
    if (value.phase !== 'connected') return;
    const chosen = new Set(value.chosen);
    if (use) chosen.add(id);
    else chosen.delete(id);
    this.state.value = { ...value, chosen };
  }

  /** The devices for the next run; undefined when there is none. */
  live(): Live | undefined {
    const { value } = this.state;
    const address = this.#address;
    const page = this.#client?.page;
    if (value.phase !== 'connected' || value.chosen.size === 0 || !address || !page)
      return undefined;
    const devices = value.devices.backends.filter(({ id }) => value.chosen.has(id));
    return { links: devices.map((device) => ({ address, device, page })), alone: false };
  }

  /**
   * Follows the bridge's queue until what is returned is called. A bridge that does not answer
   * costs its cases, not this.
   */
  watchQueue(): () => void {
    const timer = setInterval(async () => {
      const queue = (await this.#client?.queue().catch(() => EMPTY_QUEUE)) ?? EMPTY_QUEUE;
      const { value } = this.state;
      if (
        value.phase !== 'connected' ||
        (value.queue.jobs === queue.jobs && value.queue.ahead === queue.ahead)
      )
        return;
      this.state.value = { ...value, queue };
    }, QUEUE_MS);
    return () => {
      clearInterval(timer);
      const { value } = this.state;
      if (value.phase === 'connected') this.state.value = { ...value, queue: EMPTY_QUEUE };
    };
  }

  async #begin(address: BridgeAddress): Promise<void> {
    this.#address = address;
    const access = await localAccess();
    if (access === 'allowed') await this.connect();
    else this.state.value = { phase: access === 'denied' ? 'refused' : 'explaining' };
  }
}

function keep(address: BridgeAddress): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(address));
  } catch {
    // Without storage the bridge is lost on a reload, and nothing else.
  }
}

function kept(): BridgeAddress | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as BridgeAddress | null) ?? undefined;
  } catch {
    return undefined;
  }
}
