import { css, html, LitElement, nothing } from 'lit';
import type { Router } from '../app/router.ts';
import { Follow } from '../controls/follow.ts';
import { base, controls, panels } from '../controls/styles.ts';
import type { History } from '../history/history.ts';
import type { RunSession } from '../run/run-session.ts';
import { compareWords } from './compare.en.ts';
import type { CompareSession, Source } from './compare-session.ts';
import type { Side } from './side.ts';
import './baseline-gallery.ts';
import './compare-side.ts';
import './comparison.ts';
import '../history/kept-runs.ts';

/**
 * Two results side by side: which, what changed, and below them all that can be compared: runs of
 * this device and baselines.
 */
export class CompareView extends LitElement {
  static override properties = {
    router: { attribute: false },
    comparison: { attribute: false },
    history: { attribute: false },
    run: { attribute: false },
    ready: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      header {
        display: grid;
        gap: var(--space-3);
        max-width: var(--column);
        margin-block-end: var(--space-5);
      }
      .lead {
        font-size: var(--text-l);
        color: var(--muted);
      }
      .sides {
        display: grid;
        grid-template-columns: 1fr auto 1fr;
        gap: var(--space-4);
        align-items: stretch;
      }
      .swap {
        align-self: center;
      }
      @media (max-width: 48rem) {
        .sides {
          grid-template-columns: minmax(0, 1fr);
        }
        .swap {
          justify-self: start;
        }
      }
      gp-comparison,
      .waiting {
        margin-block-start: var(--space-5);
      }
      gp-kept-runs,
      gp-baseline-gallery {
        margin-block-start: var(--space-7);
      }
      @media print {
        .swap,
        section:has(gp-comparison) ~ * {
          display: none;
        }
      }
    `,
  ];
  declare router: Router;
  declare comparison: CompareSession;
  declare history: History;
  declare run: RunSession;
  /** Whether it is known what can be compared; before, nothing stands where that would move it. */
  declare ready: boolean;
  #leave = () => {};

  constructor() {
    super();
    new Follow(this, () => [this.router.address, this.comparison.state]);
  }

  /**
   * Another tab may have run something, and the address may name what is to be compared, now or
   * when a person goes back.
   */
  override connectedCallback(): void {
    super.connectedCallback();
    const { comparison, history } = this;
    const { address } = this.router;
    Promise.allSettled([comparison.baselines.load(), history.load()]).then(() => {
      this.ready = true;
    });
    comparison.follow(address.value.pair);
    const leaveAddress = address.subscribe(({ pair }) => comparison.follow(pair));
    const look = () => document.visibilityState === 'visible' && history.load();
    document.addEventListener('visibilitychange', look);
    this.#leave = () => {
      leaveAddress();
      document.removeEventListener('visibilitychange', look);
    };
  }

  override disconnectedCallback(): void {
    this.#leave();
    super.disconnectedCallback();
  }

  override render() {
    const { title, lead } = compareWords();
    return html`
      <header>
        <h1>${title}</h1>
        <p class="lead">${lead}</p>
      </header>
      ${this.ready ? this.#all() : nothing}
    `;
  }

  #all() {
    const { swap, waiting, outcome } = compareWords();
    const { before, after, comparison } = this.comparison.state.value;
    return html`
      <div class="sides">
        ${this.#side('before')}
        <button class="quiet swap" ?disabled=${before.phase === 'empty' && after.phase === 'empty'} @click=${this.#swap}>${swap}</button>
        ${this.#side('after')}
      </div>
      <section class="outcome" tabindex="-1" aria-label=${outcome} aria-live="off">
        ${
          comparison && before.phase === 'ready' && after.phase === 'ready'
            ? html`<gp-comparison .comparison=${comparison} .first=${before.snapshot} .second=${after.snapshot} .history=${this.history} .run=${this.run}></gp-comparison>`
            : html`<p class="waiting muted">${before.phase === 'loading' || after.phase === 'loading' ? nothing : waiting}</p>`
        }
      </section>
      <gp-kept-runs .history=${this.history} .comparison=${this.comparison} @check=${() => this.router.go({ view: 'check' })} @choose=${this.#chosen}></gp-kept-runs>
      <gp-baseline-gallery .history=${this.history} .comparison=${this.comparison} @choose=${this.#chosen}></gp-baseline-gallery>
    `;
  }

  #side(side: Side) {
    return html`<gp-compare-side
      .history=${this.history}
      .baselines=${this.comparison.baselines}
      .side=${side}
      .chosen=${this.comparison.state.value[side]}
      @choose=${this.#chosen}
      @clear=${() => this.#change(this.comparison.clear(side))}
    ></gp-compare-side>`;
  }

  #chosen(event: CustomEvent<readonly (readonly [Side, Source])[]>): void {
    this.#change(
      Promise.all(event.detail.map(([side, source]) => this.comparison.choose(side, source))),
    );
    // Both were chosen far below what is now shown of them.
    if (event.detail.length === 2) this.renderRoot.querySelector<HTMLElement>('.outcome')?.focus();
  }

  #swap(): void {
    this.#change(this.comparison.swap());
  }

  /**
   * The address follows at once, not when all is read, so that nothing of it is taken for a choice.
   */
  async #change(work: Promise<unknown>): Promise<void> {
    this.router.go({ pair: this.comparison.pair }, true);
    await work;
    this.router.go({ pair: this.comparison.pair }, true);
  }
}

customElements.define('gp-compare-view', CompareView);
