import { css, html, LitElement, nothing } from 'lit';
import { Follow } from '../controls/follow.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { askWords } from './ask.en.ts';
import { type Conversation, leadOf, type Written } from './conversation.ts';
import type { Draft } from './tuning-session.ts';

/**
 * A field to type into, and what the model writes on after it: as it was before it learnt, and as it
 * is. Fires `ask` when that is wanted.
 */
export class AskModel extends LitElement {
  static override properties = {
    draft: { attribute: false },
    beginnings: { attribute: false },
    conversation: { attribute: false },
    answers: { type: Boolean },
    over: { type: Boolean },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
      textarea {
        inline-size: 100%;
        font: inherit;
        color: inherit;
        background: var(--surface);
        border: 1px solid var(--control-line);
        border-radius: var(--radius-s);
        padding: var(--space-2) var(--space-3);
        resize: vertical;
        field-sizing: content;
        min-block-size: 2.75rem;
      }
      textarea:read-only {
        color: var(--muted);
        background: var(--sunken);
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr));
        gap: var(--space-4);
      }
      .answer {
        border-inline-start: 3px solid var(--line);
        padding-inline-start: var(--space-3);
      }
      .answer.tuned {
        border-color: var(--accent);
      }
      .text {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        /* Room for a few lines, so that little moves as they are written. */
        min-block-size: 5lh;
      }
      .text b {
        font-weight: 400;
        color: var(--muted);
      }
      select {
        min-height: 2.25rem;
        padding-block: var(--space-1);
      }
    `,
  ];
  declare draft: Observable<Draft>;
  declare beginnings: readonly string[];
  declare conversation: Conversation;
  /** Whether it can be asked. */
  declare answers: boolean;
  /** Whether it could be, and cannot any more. */
  declare over: boolean;

  constructor() {
    super();
    new Follow(this, () => [this.draft, this.conversation.exchange]);
  }

  override render() {
    const words = askWords();
    const { isChat } = this.conversation;
    const { prompt = this.beginnings[0] ?? '', sampled } = this.draft.value;
    return html`<section class="panel" aria-labelledby="heading">
      <h2 id="heading">${words.heading}</h2>
      <label for="prompt" class="small muted">${isChat ? words.question : words.prompt}</label>
      <textarea id="prompt" rows="1" ?readonly=${this.over} aria-describedby=${this.answers ? nothing : 'silent'} .value=${prompt} @input=${this.#type} @keydown=${this.#key}></textarea>
      <div class="row" role="group" aria-label=${isChat ? words.questions : words.suggestions}>
        ${this.beginnings.map((text) => html`<button class="quiet" aria-disabled=${this.over} @click=${() => !this.over && this.#try(text)}>${text}</button>`)}
      </div>
      <div class="row">
        <button class="primary" aria-disabled=${!this.answers} @click=${this.#ask}>${isChat ? words.put : words.ask}</button>
        <label class="small">
          ${words.how}
          <select @change=${this.#how}>
            <option value="greedy" ?selected=${!sampled}>${words.greedy}</option>
            <option value="sampled" ?selected=${sampled}>${words.sampled}</option>
          </select>
        </label>
        ${this.answers ? nothing : html`<span id="silent" class="small muted">${this.over ? words.over : words.notYet}</span>`}
      </div>
      ${this.#answers()}
    </section>`;
  }

  #answers() {
    const { exchange: asked, reads } = this.conversation;
    const { value: exchange } = asked;
    if (!exchange) return nothing;
    const words = askWords();
    const { cut, frozen, tuned } = exchange;
    const now = tuned.step === undefined ? words.tuned : words.tunedAfter(tuned.step);
    const prompt = leadOf(exchange);
    const room = words.room(reads.tokens, reads.most);
    return html`
      ${cut ? html`<p class="small muted">${words.cut(cut.read, cut.tokens)} ${room}</p>` : nothing}
      <div class="pair">
        ${answer('frozen', words.frozen, { prompt, room }, frozen)}
        ${answer('tuned', now, { prompt, room }, tuned)}
      </div>
    `;
  }

  #type(event: Event): void {
    const prompt = (event.target as HTMLTextAreaElement).value;
    this.draft.value = { ...this.draft.value, prompt };
  }

  /** Enter asks, as in a field of one line; with Shift it begins a new one. */
  #key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#ask();
  }

  #how(event: Event): void {
    const sampled = (event.target as HTMLSelectElement).value === 'sampled';
    this.draft.value = { ...this.draft.value, sampled };
  }

  #try(prompt: string): void {
    this.draft.value = { ...this.draft.value, prompt };
    this.#ask();
  }

  #ask(): void {
    if (this.answers) this.dispatchEvent(new Event('ask'));
  }
}

/** An answer; a screen reader is told of it once it is whole. */
function answer(
  by: 'frozen' | 'tuned',
  title: string,
  { prompt, room }: { readonly prompt: string; readonly room: string },
  { text, done, refused, cut }: Written,
) {
  const words = askWords();
  const goesOn = !done || cut === 'asked';
  const end = done && text === '' && !refused ? words.empty : goesOn ? words.more : '';
  return html`<div class="answer ${by}" role="group" aria-label=${words.answer(title)} aria-live=${by === 'tuned' ? 'polite' : nothing} aria-busy=${!done}>
    <h3>${title}</h3>
    <p class="text"><b>${prompt}</b>${text}<span class="muted">${end}</span></p>
    ${refused ? html`<p class="small muted" lang="en">${refused}</p>` : nothing}
    ${cut === 'room' ? html`<p class="small muted">${words.full} ${room}</p>` : nothing}
  </div>`;
}

customElements.define('gp-ask-model', AskModel);
