import type { WorkerLink } from '../worker/messages.ts';
import type { HeadlessDriver, Heard } from './page.ts';

/** The runner's side of workers in other browsers, which the driver's process starts and ends. */
export class WorkersElsewhere {
  readonly #driver: HeadlessDriver;
  readonly #listeners: ((heard: Heard) => void)[] = [];

  constructor(driver: HeadlessDriver) {
    this.#driver = driver;
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
      post: (message) => void this.#driver.postElsewhere(id, message),
      onMessage: (listener) => {
        hear.message = listener;
      },
      onDeath: (listener) => {
        hear.death = listener;
      },
      terminate: () => void this.#driver.endElsewhere(id),
    };
  }

  /** Passes what worker `id` says on to its runner. */
  hear(id: number, heard: Heard): void {
    this.#listeners[id]?.(heard);
  }
}
