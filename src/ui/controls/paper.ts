import type { ReactiveController, ReactiveControllerHost } from 'lit';

/**
 * Whether the page is being printed. Its host is drawn anew when that begins and ends, before
 * anything goes on paper.
 */
export class Paper implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #media = matchMedia('print');
  #printing = this.#media.matches;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get printing(): boolean {
    return this.#printing;
  }

  hostConnected(): void {
    addEventListener('beforeprint', this.#begin);
    addEventListener('afterprint', this.#end);
    this.#media.addEventListener('change', this.#change);
  }

  hostDisconnected(): void {
    removeEventListener('beforeprint', this.#begin);
    removeEventListener('afterprint', this.#end);
    this.#media.removeEventListener('change', this.#change);
  }

  readonly #begin = () => this.#become(true);
  readonly #end = () => this.#become(false);
  readonly #change = ({ matches }: MediaQueryListEvent) => this.#become(matches);

  #become(printing: boolean): void {
    this.#printing = printing;
    this.#host.requestUpdate();
  }
}
