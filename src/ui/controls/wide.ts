import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** From here on there is room for two columns: 1200 pixels at the usual size of text. */
const TWO_COLUMNS = '(min-width: 75rem)';

/** Tells its host whether there is room for two columns, and renders it again when that changes. */
export class Wide implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #room = window.matchMedia(TWO_COLUMNS);
  readonly #changed = (): void => this.#host.requestUpdate();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Whether there is room now. */
  get value(): boolean {
    return this.#room.matches;
  }

  hostConnected(): void {
    this.#room.addEventListener('change', this.#changed);
  }

  hostDisconnected(): void {
    this.#room.removeEventListener('change', this.#changed);
  }
}
