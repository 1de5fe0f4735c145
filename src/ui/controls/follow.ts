import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Observable } from './observable.ts';

/** Something that tells when it changed. */
type Source = Pick<Observable<unknown>, 'subscribe'>;

/**
 * Renders its host again whenever one of the sources changes, as long as the host is in the
 * document.
 */
export class Follow implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #sources: () => readonly Source[];
  #leave: (() => void)[] = [];

  /** `sources` is asked when the host enters the document, where its properties are set. */
  constructor(host: ReactiveControllerHost, sources: () => readonly Source[]) {
    this.#host = host;
    this.#sources = sources;
    host.addController(this);
  }

  hostConnected(): void {
    this.#leave = this.#sources().map((source) =>
      source.subscribe(() => this.#host.requestUpdate()),
    );
  }

  hostDisconnected(): void {
    for (const leave of this.#leave) leave();
  }
}
