import type { WorkerLink } from '../worker/messages.ts';
import type { Heard, ToDriver } from './line.ts';

/** The runner's side of workers in other browsers, which the driver's process starts and ends. */
export class WorkersElsewhere {
  readonly #tell: (message: ToDriver) => void;
  readonly #listeners: ((heard: Heard) => void)[] = [];

  constructor(tell: (message: ToDriver) => void) {
    this.#tell = tell;
  }

  start(): WorkerLink {
    const id = this.#listeners.length;
    const hear: {
      message?: Parameters<WorkerLink['onMessage']>[0];
      death?: Parameters<WorkerLink['onDeath']>[0];
    } = {};
    this.#listeners.push((heard) =>
      heard.type === 'message' ? hear.message?.(heard.message) : hear.death?.(heard.death),
    );
    return {
      post: (message) => this.#tell({ type: 'post', id, message }),
      onMessage: (listener) => {
        hear.message = listener;
      },
      onDeath: (listener) => {
        hear.death = listener;
      },
      terminate: () => this.#tell({ type: 'end', id }),
    };
  }

  /** Passes what worker `id` says on to its runner. */
  hear(id: number, heard: Heard): void {
    this.#listeners[id]?.(heard);
  }
}
