import type { WorkerLink } from '../worker/messages.ts';
import type { Heard, ToDriver } from './line.ts';
import { linkElsewhere } from './link-elsewhere.ts';

/** The runner's side of workers in other browsers, which the driver's process starts and ends. */
export class WorkersElsewhere {
  readonly #tell: (message: ToDriver) => void;
  readonly #listeners: ((heard: Heard) => void)[] = [];

  constructor(tell: (message: ToDriver) => void) {
    this.#tell = tell;
  }

  start(): WorkerLink {
    const id = this.#listeners.length;
    const { link, hear } = linkElsewhere({
      post: (message) => this.#tell({ type: 'post', id, message }),
      terminate: () => this.#tell({ type: 'end', id }),
    });
    this.#listeners.push(hear);
    return link;
  }

  /** Passes what worker `id` says on to its runner. */
  hear(id: number, heard: Heard): void {
    this.#listeners[id]?.(heard);
  }
}
