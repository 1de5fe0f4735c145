import type { LitElement, ReactiveController } from 'lit';

/**
 * Brings the focus somewhere sensible when an update takes the element away that had it, so that
 * keyboard and screen reader stay in place.
 */
export class KeepFocus implements ReactiveController {
  readonly #host: LitElement;
  readonly #next: (lost: Element) => HTMLElement | null;
  #focused: Element | null = null;

  /**
   * `next` gives what takes the place of `lost` in the shadow root of the host; it must be
   * focusable.
   */
  constructor(host: LitElement, next: (lost: Element) => HTMLElement | null) {
    this.#host = host;
    this.#next = next;
    host.addController(this);
  }

  hostUpdate(): void {
    this.#focused = this.#host.shadowRoot?.activeElement ?? null;
  }

  hostUpdated(): void {
    if (this.#focused && !this.#focused.isConnected)
      this.#next(this.#focused)?.focus({ preventScroll: true });
  }
}
