import { afterAwake } from '../../awake-timer.ts';
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

/** What a rank says that takes its time. */
interface Patience {
  readonly waits: true;
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
    port.addEventListener(
      'message',
      ({ data }: MessageEvent<Note | LastWord | Life | Patience>) => {
        if ('lock' in data) return this.#watch(data);
        if ('lost' in data) this.#lost ??= new RankLostError(data.lost, data.why, data.thrown);
        else if (!('waits' in data)) this.#notes.push(data);
        this.#wake();
      },
    );
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

  /** Says that this rank is there, and has nothing to give yet. */
  askPatience(): void {
    this.#port.postMessage({ waits: true } satisfies Patience);
  }

  /** Says whose loss ends the group. */
  leave({ rank: lost, why, thrown }: RankLostError): void {
    this.#port.postMessage({ lost, why, thrown } satisfies LastWord);
  }

  /**
   * The next note. Throws RankLostError once no note can come, or after `limitMs` milliseconds without
   * a word, in which this rank was awake.
   */
  async next(limitMs: number): Promise<Note> {
    while (this.#notes.length === 0 && !this.#lost)
      if (!(await this.#hears(limitMs)))
        throw new RankLostError(this.rank, `no answer within ${limitMs / 1000} s`);
    const note = this.#notes.shift();
    if (note) return note;
    throw this.#lost;
  }

  /** In a browser a lock is free when the worker that held it has ended. */
  #watch({ lock }: Life): void {
    whenFree(lock, this.#left.signal, () => setTimeout(() => this.#end(), LAST_WORD_MS));
  }

  #end(): void {
    this.#lost ??= new RankLostError(this.rank, 'its worker ended');
    this.#wake();
  }

  /** Whether there is news within `limitMs` milliseconds. */
  async #hears(limitMs: number): Promise<boolean> {
    let cancel = () => {};
    const isNews = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(true);
      cancel = afterAwake(limitMs, () => resolve(false));
    });
    cancel();
    return isNews;
  }

  [Symbol.dispose](): void {
    this.#left.abort();
    this.#port.close();
  }
}
