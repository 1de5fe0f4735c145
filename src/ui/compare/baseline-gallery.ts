import { css, html, LitElement, nothing } from 'lit';
import type { Baseline } from '../../report/compare/baselines.ts';
import { frameWords } from '../app/frame.en.ts';
import { Follow } from '../controls/follow.ts';
import { base, controls, panels } from '../controls/styles.ts';
import type { History } from '../history/history.ts';
import { unitsWords } from '../messages/units.en.ts';
import { baselinesWords } from './baselines.en.ts';
import { compareWords } from './compare.en.ts';
import type { CompareSession } from './compare-session.ts';
import { placeOf, tallyOfHead } from './compare-words.ts';

/**
 * The baselines that ship with the page: where, when and by which versions each was made. Fires
 * `choose`.
 */
export class BaselineGallery extends LitElement {
  static override properties = { history: { attribute: false }, comparison: { attribute: false } };
  static override styles = [
    base,
    controls,
    panels,
    css`
      header {
        display: grid;
        gap: var(--space-2);
        max-width: var(--column);
        margin-block-end: var(--space-4);
      }
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr));
        gap: var(--space-4);
      }
      li {
        display: grid;
        gap: var(--space-2);
        align-content: start;
      }
      h3 {
        overflow-wrap: anywhere;
      }
      .row {
        margin-block-start: var(--space-2);
      }
    `,
  ];
  declare history: History;
  declare comparison: CompareSession;

  constructor() {
    super();
    new Follow(this, () => [this.comparison.baselines.list, this.history.state]);
  }

  override render() {
    const words = baselinesWords();
    return html`<section aria-labelledby="title">
      <header>
        <h2 id="title">${words.gallery}</h2>
        <p class="muted">${words.galleryLead}</p>
      </header>
      ${this.#content()}
    </section>`;
  }

  #content() {
    const words = baselinesWords();
    const frame = frameWords();
    const list = this.comparison.baselines.list.value;
    switch (list.phase) {
      case 'loading':
        return html`<p class="muted">${frame.loading}</p>`;
      case 'failed':
        return html`<p class="tone bad" role="alert">${list.problem}</p>
          <div class="row"><button class="quiet" @click=${() => this.comparison.baselines.load()}>${words.tryAgain}</button></div>`;
      case 'ready':
        if (list.baselines.length === 0) return html`<p>${words.noBaselines}</p>`;
        return html`<ul>${list.baselines.map((baseline) => this.#card(baseline))}</ul>`;
    }
  }

  #card({ name, command, head }: Baseline) {
    const words = baselinesWords();
    const units = unitsWords();
    const [environment] = head.environments;
    const when = units.moment(new Date(head.run.startedAt));
    return html`<li class="panel">
      <h3>${environment ? placeOf(environment) : name}</h3>
      <p class="small muted">${words.madeOn(when, `${head.tool.version} (${head.tool.commit})`)}</p>
      <p class="small">${tallyOfHead(head)}, ${compareWords().took(units.duration(head.run.durationMs))}</p>
      <p class="small muted">${words.madeBy} <code>${command}</code></p>
      <div class="row">
        ${this.#latest ? html`<button class="quiet" @click=${() => this.#compare(name)}>${words.compareLatest}</button>` : nothing}
        <button class="quiet" @click=${() => this.#choose(name)}>${compareWords().setAs.before}</button>
      </div>
    </li>`;
  }

  /** The latest run of this device. */
  get #latest(): string | undefined {
    return this.history.state.value.runs[0]?.head.run.id;
  }

  #choose(name: string): void {
    this.dispatchEvent(
      new CustomEvent('choose', { detail: [['before', { kind: 'baseline', name }]] }),
    );
  }

  #compare(name: string): void {
    const pair = [
      ['before', { kind: 'baseline', name }],
      ['after', { kind: 'run', id: this.#latest }],
    ];
    this.dispatchEvent(new CustomEvent('choose', { detail: pair }));
  }
}

customElements.define('gp-baseline-gallery', BaselineGallery);
