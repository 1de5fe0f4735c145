import { whenFree } from './life-lock.ts';
import { RankLostError } from './rank-errors.ts';

/** What a rank gives another in a collective. */
export interface Note {
  readonly op: string;
  /** Numbers of the whole vector that it has part in. */
  readonly length: number;
  /** What the other rank is to have of it: a copy, or a view of shared memory. */
  readonly part: Float32Array;
}

/** The last that a rank says of a group that fails: who was lost. */
interface LastWord {
  readonly lost: number;
  readonly why: string;
  readonly thrown: string | undefined;
}

/** A lock that a rank holds as long as it lives. */
interface Life {
  readonly lock: string;
}

/** What a last word needs to come before it is known that a worker has ended. Milliseconds. */
const LAST_WORD_MS = 200;

/** Another rank of a group, as one rank sees it. */
export class Peer implements Disposable {
  readonly rank: number;
  readonly #port: MessagePort;
  readonly #notes: Note[] = [];
  #lost: RankLostError | undefined;
  readonly #left = new AbortController();
  #wake = () => {};

  constructor(rank: number, port: MessagePort) {
    this.rank = rank;
    this.#port = port;
    port.addEventListener('message', ({ data }: MessageEvent<Note | LastWord | Life>) => {
      if ('lock' in data) return this.#watch(data);
      if ('lost' in data) this.#lost ??= new RankLostError(data.lost, data.why, data.thrown);
      else this.#notes.push(data);
      this.#wake();
    });
    // In Node a port closes with the worker at its other end.
    port.addEventListener('close', () => this.#end());
    port.start();
  }

  post(note: Note): void {
    this.#port.postMessage(note);
  }

  /** Says which lock this rank holds as long as it lives. */
  tellLock(lock: string): void {
    this.#port.postMessage({ lock } satisfies Life);
  }

  /** Says whose loss ends the group. */
  leave({ rank: lost, why, thrown }: RankLostError): void {
    this.#port.postMessage({ lost, why, thrown } satisfies LastWord);
  }

  /** The next note. Throws RankLostError once no note can come, or after `limitMs` milliseconds. */
  async next(limitMs: number): Promise<Note> {
    if (this.#notes.length === 0 && !this.#lost) await this.#news(limitMs);
    const note = this.#notes.shift();
    if (note) return note;
    throw this.#lost ?? new RankLostError(this.rank, `no answer within ${limitMs / 1000} s`);
  }

  /** In a browser a lock is free when the worker that held it has ended. */
  #watch({ lock }: Life): void {
    whenFree(lock, this.#left.signal, () => setTimeout(() => this.#end(), LAST_WORD_MS));
  }

  #end(): void {
    this.#lost ??= new RankLostError(this.rank, 'its worker ended');
    this.#wake();
  }

  async #news(limitMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
  }

  [Symbol.dispose](): void {
    this.#left.abort();
    this.#port.close();
  }
}
