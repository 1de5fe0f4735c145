import type { WorkerLink } from '../worker/messages.ts';
import type { Heard } from './line.ts';

/** A link to a worker in another browser, by what posts and ends; `hear` is given what it says. */
export function linkElsewhere(far: Pick<WorkerLink, 'post' | 'terminate'>): {
  readonly link: WorkerLink;
  readonly hear: (heard: Heard) => void;
} {
  const listeners: {
    message?: Parameters<WorkerLink['onMessage']>[0];
    death?: Parameters<WorkerLink['onDeath']>[0];
  } = {};
  const link: WorkerLink = {
    ...far,
    onMessage: (listener) => {
      listeners.message = listener;
    },
    onDeath: (listener) => {
      listeners.death = listener;
    },
  };
  const hear = (heard: Heard) =>
    heard.type === 'message' ? listeners.message?.(heard.message) : listeners.death?.(heard.death);
  return { link, hear };
}
