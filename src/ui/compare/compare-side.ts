import { css, html, LitElement, nothing } from 'lit';
import type { Snapshot } from '../../report/compare/snapshot.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { base, controls, panels } from '../controls/styles.ts';
import type { History } from '../history/history.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { BaselineShelf } from './baselines.ts';
import { compareWords } from './compare.en.ts';
import type { Slot, Source } from './compare-session.ts';
import { lineOfHead, placeOf, restrictionsOf, tallyOf } from './compare-words.ts';
import type { Side } from './side.ts';

/**
 * One of the two results: how to choose it, and once it is there, where and when it was measured.
 * Fires `choose` and `clear`.
 */
export class CompareSide extends LitElement {
  static override properties = {
    history: { attribute: false },
    baselines: { attribute: false },
    side: {},
    chosen: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      :host {
        display: grid;
        min-width: 0;
      }
      .panel {
        display: grid;
        align-content: start;
        gap: var(--space-3);
        min-width: 0;
      }
      h2 {
        font-size: var(--text-m);
      }
      label {
        display: grid;
        gap: var(--space-1);
        font-size: var(--text-s);
        color: var(--muted);
      }
      select,
      input {
        width: 100%;
        font-size: var(--text-m);
        color: var(--ink);
      }
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: var(--space-2);
        align-items: end;
      }
      input[type='file'] {
        font-size: var(--text-s);
        padding: var(--space-2);
      }
      .place {
        font-size: var(--text-l);
        overflow-wrap: anywhere;
      }
      li {
        overflow-wrap: anywhere;
      }
    `,
  ];
  declare history: History;
  declare baselines: BaselineShelf;
  declare side: Side;
  declare chosen: Slot;

  constructor() {
    super();
    new Follow(this, () => [this.history.state, this.baselines.list]);
    new KeepFocus(this, () => this.renderRoot.querySelector('section'));
  }

  override render() {
    const words = compareWords();
    return html`<section class="panel" tabindex="-1" aria-labelledby="title">
      <h2 id="title">${words.sides[this.side]}</h2>
      ${this.#content()}
    </section>`;
  }

  #content() {
    const { chosen } = this;
    const words = compareWords();
    switch (chosen.phase) {
      case 'empty':
        return this.#choices();
      case 'loading':
        return html`<p class="muted" role="status">${words.reading}</p>`;
      case 'failed':
        return html`<div class="tone bad" role="alert"><p>${words.refused}</p><p class="small">${chosen.problem}</p></div>
          ${this.#choices()}`;
      case 'ready':
        return this.#facts(chosen.source, chosen.snapshot);
    }
  }

  #choices() {
    const words = compareWords();
    const { runs } = this.history.state.value;
    const list = this.baselines.list.value;
    const baselines = list.phase === 'ready' ? list.baselines : [];
    return html`
      <label ?hidden=${runs.length + baselines.length === 0}>
        ${words.choose}
        <select @change=${this.#pick}>
          <option value="">${words.chooseFirst}</option>
          ${group(
            words.kept,
            runs.map(({ head }) => [`run/${head.run.id}`, lineOfHead(head)]),
          )}
          ${group(
            words.baselines,
            baselines.map(({ name, head }) => [`baseline/${name}`, lineOfHead(head)]),
          )}
        </select>
      </label>
      <form @submit=${this.#paste}>
        <label>${words.paste} <input name="link" required spellcheck="false" autocapitalize="off" autocomplete="off" /></label>
        <button>${words.read}</button>
      </form>
      <label>${words.file} <input type="file" accept=".json,.gz,application/json,application/gzip" @change=${this.#open} /></label>
    `;
  }

  #facts(source: Source, snapshot: Snapshot) {
    const words = compareWords();
    const units = unitsWords();
    const { startedAt, durationMs, tool, environments, settings } = snapshot;
    const [environment] = environments;
    const name = nameOf(source);
    return html`
      <p class="place">${environment ? placeOf(environment) : nothing}</p>
      <ul class="small muted">
        <li>
          <time datetime=${startedAt.toISOString()}>${units.instant(startedAt)}</time>${name ? html`, <span>${name}</span>` : nothing}
        </li>
        <li>${tallyOf(snapshot)}, ${words.took(units.duration(durationMs))}</li>
        <li>Gradproof ${tool.version} (${tool.commit})</li>
        ${restrictionsOf(settings).map((restriction) => html`<li>${restriction}</li>`)}
      </ul>
      <div class="row"><button class="quiet" @click=${() => this.dispatchEvent(new CustomEvent('clear'))}>${words.another}</button></div>
    `;
  }

  #pick(event: Event): void {
    const { value } = event.target as HTMLSelectElement;
    const name = value.slice(value.indexOf('/') + 1);
    if (value)
      this.#choose(
        value.startsWith('run/') ? { kind: 'run', id: name } : { kind: 'baseline', name },
      );
  }

  #paste(event: SubmitEvent): void {
    event.preventDefault();
    this.#choose({
      kind: 'link',
      text: String(new FormData(event.target as HTMLFormElement).get('link') ?? ''),
    });
  }

  #open(event: Event): void {
    const [file] = (event.target as HTMLInputElement).files ?? [];
    if (file) this.#choose({ kind: 'file', file });
  }

  #choose(source: Source): void {
    this.dispatchEvent(new CustomEvent('choose', { detail: [[this.side, source]] }));
  }
}

/** What a result is called beside its time; a run of this device has no other name. */
function nameOf(source: Source): string | undefined {
  switch (source.kind) {
    case 'file':
      return source.file.name;
    case 'baseline':
      return source.name;
    case 'link':
      return compareWords().fromLink;
    case 'run':
      return undefined;
  }
}

function group(label: string, options: readonly (readonly [value: string, text: string])[]) {
  if (options.length === 0) return nothing;
  return html`<optgroup label=${label}>${options.map(([value, text]) => html`<option value=${value}>${text}</option>`)}</optgroup>`;
}

customElements.define('gp-compare-side', CompareSide);
