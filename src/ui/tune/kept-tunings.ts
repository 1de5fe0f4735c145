import { css, html, LitElement, nothing } from 'lit';
import type { NamedLosses } from '../charts/two-losses.ts';
import { twoLossesFigure } from '../charts/two-losses.ts';
import '../charts/figure.ts';
import '../merge/kept-weights.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { runListStyles } from '../controls/run-list-styles.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import type { Merging } from '../merge/merging.ts';
import { unitsWords } from '../messages/units.en.ts';
import { textOf } from './settings.ts';
import { tunedWords } from './tuned.en.ts';
import { keptBytes, type TunedRun } from './tuned-run.ts';
import type { ForeignTuning, TunedShelf } from './tuned-shelf.ts';
import { nats } from './tuning-answer.ts';
import type { ChosenFolder } from './tuning-choice.ts';

/** The fine-tunings that are kept: how each went, two of them in one figure, and away with them. */
export class KeptTunings extends LitElement {
  static override properties = {
    shelf: { attribute: false },
    merging: { attribute: false },
    folder: { attribute: false },
    refusal: {},
    talks: { type: Boolean },
    chosen: { state: true },
    told: { state: true },
  };
  static override styles = [
    base,
    controls,
    panels,
    viewStyles,
    runListStyles,
    css`
      li {
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: start;
      }
      .text {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        margin-block: var(--space-2);
      }
      @media (max-width: 40rem) {
        li {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];
  declare shelf: TunedShelf;
  declare merging: Merging;
  /** The model that is chosen for the next run, if one is. */
  declare folder: ChosenFolder | undefined;
  /** Why nothing can be merged now; empty where it can. */
  declare refusal: string;
  /** Whether a model can be asked. */
  declare talks: boolean;
  /** Ids of those that are compared, at most two: the one that was chosen last comes last. */
  declare chosen: readonly string[];
  /** The last thing that happened to the list. */
  declare told: string;

  constructor() {
    super();
    this.chosen = [];
    this.told = '';
    new Follow(this, () => [this.shelf.runs, this.shelf.foreign]);
    new KeepFocus(this, () => this.renderRoot.querySelector('section'));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.shelf.load();
  }

  override render() {
    const words = tunedWords();
    const runs = this.shelf.runs.value;
    const foreign = this.shelf.foreign.value;
    const size = runs.reduce((sum, run) => sum + keptBytes(run), 0);
    return html`<section tabindex="-1" aria-labelledby="heading">
      <h2 id="heading">${words.heading}</h2>
      <p class="small muted">${words.lead}</p>
      ${runs.length + foreign.length === 0 ? html`<p>${words.none}</p>` : nothing}
      ${
        runs.length === 0
          ? nothing
          : html`<p class="small muted">${words.size(runs.length, size)}${runs.length > 1 ? ` · ${words.compareHint}` : ''}</p>
            <ul>${runs.map((run) => this.#run(run))}</ul>`
      }
      ${foreign.length === 0 ? nothing : html`<ul>${foreign.map((run) => this.#foreign(run))}</ul>`}
      ${this.#comparison(runs)}
      <p class="small muted" role="status">${this.told}</p>
    </section>`;
  }

  #run(run: TunedRun) {
    const words = tunedWords();
    const name = nameOf(run);
    return html`<li>
      <div>
        <p class="name">${name}</p>
        <p class="small muted">${run.data} · ${factsOf(run).join(' · ')}</p>
        ${run.answers ? answersOf(run.answers) : nothing} ${this.#weights(run)}
      </div>
      <div class="row" role="group" aria-label=${name}>
        <label class="check small">
          <input type="checkbox" .checked=${this.chosen.includes(run.id)} @change=${() => this.#choose(run.id)} />
          ${words.compare}
        </label>
        <button class="quiet" @click=${() => this.#remove(run.id, name)}>${words.remove}</button>
      </div>
    </li>`;
  }

  /** One that takes room, and can be deleted alone. */
  #foreign({ id, bytes }: ForeignTuning) {
    const words = tunedWords();
    return html`<li>
      <p>${words.foreign}</p>
      <div class="row">
        <button class="quiet" @click=${() => this.#remove(id, words.foreignRun)}>${words.removeBytes(bytes)}</button>
      </div>
    </li>`;
  }

  #weights(run: TunedRun) {
    const { kept, without } = tunedWords().weights;
    if (!run.weights) return html`<p class="small muted">${without}</p>`;
    return html`<details class="small">
      <summary>${kept}</summary>
      <gp-kept-weights
        .run=${run}
        .merging=${this.merging}
        .folder=${this.folder}
        .refusal=${this.refusal}
        .talks=${this.talks}
      ></gp-kept-weights>
    </details>`;
  }

  #comparison(runs: readonly TunedRun[]) {
    const byId = new Map(runs.map((run) => [run.id, run]));
    const first = byId.get(this.chosen[0] ?? '');
    const second = byId.get(this.chosen[1] ?? '');
    if (!first || !second) return nothing;
    const { first: one, second: other } = tunedWords();
    const figure = twoLossesFigure(losses(first, one), losses(second, other));
    return html`<div class="panel">
      <p class="small muted">${one}: ${nameOf(first)} · ${other}: ${nameOf(second)}</p>
      <gp-figure .figure=${figure}></gp-figure>
    </div>`;
  }

  #choose(id: string): void {
    const others = this.chosen.filter((each) => each !== id);
    this.chosen = others.length < this.chosen.length ? others : [...others.slice(-1), id];
  }

  async #remove(id: string, name: string): Promise<void> {
    this.chosen = this.chosen.filter((each) => each !== id);
    await this.shelf.remove(id);
    this.told = tunedWords().removed(name);
  }
}

function nameOf({ model, id }: TunedRun): string {
  return tunedWords().run(model, unitsWords().instant(new Date(id)));
}

function factsOf({ settings, steps, losses, heldout, fileBytes }: TunedRun): readonly string[] {
  const words = tunedWords().facts;
  const { number, bytes } = unitsWords();
  const rank = textOf(settings, 'lora.r');
  const rate = textOf(settings, 'learning_rate');
  const before = heldout[0]?.[1];
  const after = heldout.at(-1)?.[1];
  const last = losses.at(-1)?.[1];
  return [
    words.settings(textOf(settings, 'type'), steps),
    ...(rank === '' ? [] : [words.rank(Number(rank))]),
    ...(rate === '' ? [] : [words.rate(number(Number(rate), { maximumSignificantDigits: 3 }))]),
    ...(typeof before === 'number' && typeof after === 'number'
      ? [words.heldout(nats(before), nats(after))]
      : []),
    ...(typeof last === 'number' ? [words.loss(nats(last))] : []),
    words.files(bytes(fileBytes)),
  ];
}

function answersOf({ prompt, frozen, tuned }: NonNullable<TunedRun['answers']>) {
  const words = tunedWords();
  const { before, after } = words.answer;
  return html`<details class="small">
    <summary>${words.answers}</summary>
    <p class="text"><b>${before}</b> ${prompt}${frozen.text}</p>
    <p class="text"><b>${after}</b> ${prompt}${tuned.text}</p>
  </details>`;
}

function losses({ losses, heldout }: TunedRun, name: string): NamedLosses {
  const points = (all: TunedRun['losses']) =>
    all.map(([step, loss]) => ({ step, loss: loss ?? Number.NaN }));
  return { name, losses: points(losses), heldout: points(heldout) };
}

customElements.define('gp-kept-tunings', KeptTunings);
