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

/** Another rank of a group, as one rank sees it. */
export class Peer implements Disposable {
  readonly rank: number;
  readonly #port: MessagePort;
  readonly #notes: Note[] = [];
  #lost: RankLostError | undefined;
  #wake = () => {};

  constructor(rank: number, port: MessagePort) {
    this.rank = rank;
    this.#port = port;
    port.addEventListener('message', ({ data }: MessageEvent<Note | LastWord>) => {
      if ('lost' in data) this.#lost ??= new RankLostError(data.lost, data.why, data.thrown);
      else this.#notes.push(data);
      this.#wake();
    });
    // A port closes with the worker at its other end.
    port.addEventListener('close', () => {
      this.#lost ??= new RankLostError(rank, 'its worker ended');
      this.#wake();
    });
    port.start();
  }

  post(note: Note): void {
    this.#port.postMessage(note);
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

  async #news(limitMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
  }

  [Symbol.dispose](): void {
    this.#port.close();
  }
}
