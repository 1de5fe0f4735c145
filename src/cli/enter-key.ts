import type { ReadStream } from 'node:tty';

/**
 * Enter on a terminal. It is listened for only as long as it means something: a process that reads
 * its input does not end by itself.
 */
export class EnterKey implements Disposable {
  readonly #input: Pick<ReadStream, 'on' | 'off' | 'resume' | 'pause'> | undefined;
  #listener: (() => void) | undefined;
  readonly #onData = () => this.#listener?.();

  /** `input` is used where it is a terminal. */
  constructor(input: ReadStream) {
    this.#input = input.isTTY ? input : undefined;
  }

  /** Whether someone can press it. */
  get isThere(): boolean {
    return this.#input !== undefined;
  }

  /** Calls `listener` whenever it is pressed, and no earlier one; undefined ends that. */
  onPress(listener: (() => void) | undefined): void {
    if (!listener && !this.#listener) return;
    this.#listener = listener;
    this.#input?.off('data', this.#onData).pause();
    if (listener) this.#input?.on('data', this.#onData).resume();
  }

  [Symbol.dispose](): void {
    this.onPress(undefined);
  }
}
