import { messageOf } from '../../errors.ts';
import { askWorker } from '../controls/ask-worker.ts';
import { Observable } from '../controls/observable.ts';
import { namedServers } from '../controls/served-address.ts';
import type { FetchProgress } from './fetch-model.ts';
import type { FetchAsked, FetchTold } from './fetch-worker.ts';
import { removeModel, type StoredModel, storedModels } from './model-storage.ts';
import { reachableAddress } from './reachable-address.ts';

/** What is kept of models of servers, and what comes now. */
export interface FetchedState {
  readonly models: readonly StoredModel[];
  /** Address of what comes, and how far it is. */
  readonly coming?: { readonly address: string; readonly progress?: FetchProgress };
  readonly problem?: string;
}

/** The models of servers that this browser keeps; one comes at a time, in a worker. */
export class FetchedModels {
  readonly state = new Observable<FetchedState>({ models: [] });
  /** The server that a person named when the page's own was started. */
  readonly server = namedServers().models;
  #stopping: AbortController | undefined;

  /** Looks what is there. */
  async load(): Promise<void> {
    const models = await storedModels().catch(() => []); // a private window keeps nothing
    this.state.value = { ...this.state.value, models };
  }

  /** Fetches the model of an address and keeps it; undefined where that failed or was stopped. */
  async fetch(text: string): Promise<StoredModel | undefined> {
    if (this.#stopping) return undefined;
    try {
      const reached = reachableAddress(text, location.href, this.server);
      const id = await this.#inWorker(reached.address, reached);
      this.#set({});
      await this.load();
      return this.state.value.models.find((model) => model.id === id);
    } catch (error) {
      this.#set({ problem: messageOf(error) });
      await this.load();
      return undefined;
    }
  }

  /** Whether a model that is kept has the sums that it came with; false where it was stopped, too. */
  async isWhole({ id, model }: StoredModel): Promise<boolean> {
    if (this.#stopping || !model) return false;
    try {
      const checked = await this.#inWorker(model.address, { id, model });
      this.#set({});
      return checked !== undefined;
    } catch (error) {
      this.#set({ problem: messageOf(error) });
      return false;
    }
  }

  /** Ends what comes; what is there of it can be deleted. */
  stop(): void {
    this.#stopping?.abort();
  }

  async remove(id: string): Promise<void> {
    await removeModel(id);
    await this.load();
  }

  /** Does what is asked about the model of an address; its id, or undefined where it was stopped. */
  async #inWorker(address: string, asked: FetchAsked): Promise<string | undefined> {
    this.#set({ coming: { address } });
    const worker = new Worker(new URL('./fetch-worker.ts', import.meta.url), {
      type: 'module',
      name: 'fetch',
    });
    const hear = (told: FetchTold) => {
      if (told.type === 'failed') throw new Error(told.message);
      if (told.type === 'kept') return told.id;
      this.#set({ coming: { address, progress: told.progress } });
      return undefined;
    };
    const broken = (said: string) => new Error(`the model cannot come: ${said}`);
    const stopping = new AbortController();
    this.#stopping = stopping;
    try {
      return await askWorker(worker, { request: asked, hear, broken }, stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted) return undefined;
      throw error;
    } finally {
      this.#stopping = undefined;
    }
  }

  #set(now: Omit<FetchedState, 'models'>): void {
    this.state.value = { models: this.state.value.models, ...now };
  }
}
