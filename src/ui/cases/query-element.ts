import { css, html, LitElement, nothing } from 'lit';
import type { PlanEntry } from '../../harness/events.ts';
import { base, controls } from '../controls/styles.ts';
import { listWords } from './list.en.ts';
import { parseQuery } from './query.ts';
import { type Suggestion, suggest, wordAt } from './suggestions.ts';

/**
 * The query: a field with suggestions (the editable combobox of WAI-ARIA). Fires `query` with its
 * text whenever that changes.
 */
export class QueryElement extends LitElement {
  static override properties = {
    text: { attribute: false },
    entries: { attribute: false },
    shown: { state: true },
    active: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      :host {
        position: relative;
      }
      label {
        display: block;
        margin-block-end: var(--space-1);
        font-size: var(--text-s);
        color: var(--muted);
      }
      input {
        direction: ltr;
        inline-size: 100%;
        font-family: var(--mono);
      }
      ul {
        position: absolute;
        z-index: 3;
        inset-inline: 0;
        margin-block-start: var(--space-1);
        border: 1px solid var(--control-line);
        border-radius: var(--radius-s);
        background: var(--surface);
        box-shadow: var(--shadow);
        max-block-size: 22rem;
        overflow: auto;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 var(--space-4);
        padding: var(--space-2) var(--space-3);
        cursor: pointer;
        font-size: var(--text-s);
      }
      li:hover,
      li[aria-selected='true'] {
        background: var(--sunken);
      }
      li[aria-selected='true'] {
        box-shadow: inset 3px 0 0 var(--accent);
      }
      .word {
        font-family: var(--mono);
        overflow-wrap: anywhere;
      }
      .hint {
        color: var(--muted);
      }
      @media (forced-colors: active) {
        li[aria-selected='true'] {
          outline: 2px solid Highlight;
          outline-offset: -2px;
        }
      }
    `,
  ];
  /** What the query is; the field holds it as it was typed. */
  declare text: string;
  declare entries: readonly PlanEntry[];
  declare shown: readonly Suggestion[];
  /** Index of the suggestion that Enter takes; -1 when none. */
  declare active: number;

  constructor() {
    super();
    this.text = '';
    this.entries = [];
    this.shown = [];
    this.active = -1;
  }

  override render() {
    const list = listWords();
    const open = this.shown.length > 0;
    return html`
      <label for="field">${list.which}</label>
      <input
        id="field"
        role="combobox"
        aria-keyshortcuts="/"
        aria-expanded=${open}
        aria-controls="suggestions"
        aria-autocomplete="list"
        aria-activedescendant=${this.active >= 0 ? `suggestion-${this.active}` : nothing}
        enterkeyhint="search"
        spellcheck="false"
        autocapitalize="off"
        autocomplete="off"
        placeholder=${list.placeholder}
        @input=${this.#input}
        @keydown=${this.#key}
        @click=${this.#suggest}
        @blur=${this.#close}
      />
      <ul id="suggestions" role="listbox" aria-label=${list.suggestions} ?hidden=${!open}>
        ${this.shown.map(
          (suggestion, i) => html`<li
            id="suggestion-${i}"
            role="option"
            aria-selected=${i === this.active}
            @pointerdown=${(event: PointerEvent) => event.preventDefault()}
            @click=${() => this.#take(suggestion)}
          >
            <span class="word" lang="en">${suggestion.word}</span><span class="hint">${hintOf(suggestion)}</span>
          </li>`,
        )}
      </ul>
    `;
  }

  /** What is typed stays as it is typed; only another query than that replaces it. */
  override updated(changed: Map<string, unknown>): void {
    const field = this.#field;
    if (changed.has('text') && normal(field.value) !== normal(this.text)) field.value = this.text;
    if (changed.has('active'))
      this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  override focus(): void {
    this.#field.focus();
  }

  get #field(): HTMLInputElement {
    return this.renderRoot.querySelector('input') as HTMLInputElement;
  }

  #input(): void {
    this.#suggest();
    this.#tell();
  }

  #tell(): void {
    this.dispatchEvent(new CustomEvent('query', { detail: this.#field.value }));
  }

  #suggest(): void {
    const { value, selectionStart } = this.#field;
    this.active = -1;
    this.shown = suggest(wordAt(value, selectionStart ?? value.length).word, this.entries);
  }

  #close(): void {
    this.shown = [];
    this.active = -1;
  }

  #key(event: KeyboardEvent): void {
    const open = this.shown.length > 0;
    const chosen = this.shown[this.active];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (!open) this.#suggest();
      const count = this.shown.length + 1;
      const step = event.key === 'ArrowDown' ? 1 : -1;
      // Between the last and the first stands the field itself.
      this.active = ((this.active + 1 + step + count) % count) - 1;
    } else if (event.key === 'Enter' && chosen) this.#take(chosen);
    else if (event.key === 'Enter') this.#close();
    else if (event.key === 'Escape' && open) this.#close();
    else if (event.key === 'Escape' && this.#field.value !== '') {
      this.#field.value = '';
      this.#input();
      this.#close();
    } else return;
    event.preventDefault();
  }

  /** Puts a suggestion in the place of the word at the caret. */
  #take({ word }: Suggestion): void {
    const field = this.#field;
    const { start, end } = wordAt(field.value, field.selectionStart ?? field.value.length);
    const rest = field.value.slice(end);
    field.value = `${field.value.slice(0, start)}${word}${rest === '' ? ' ' : rest}`;
    const caret = start + word.length + 1;
    field.setSelectionRange(caret, caret);
    this.#close();
    this.#tell();
  }
}

function hintOf(suggestion: Suggestion): string {
  const list = listWords();
  switch (suggestion.kind) {
    case 'status':
      return list.statusHints[suggestion.of];
    case 'tier':
      return list.tierHints[suggestion.of];
    case 'suite':
      return list.checks(suggestion.count);
  }
}

/** A query without what does not matter: white space, and the order of patterns and words. */
function normal(text: string): string {
  return parseQuery(text)
    .map((term) => JSON.stringify(term))
    .sort()
    .join();
}

customElements.define('gp-query', QueryElement);
