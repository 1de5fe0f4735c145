import { css, html, LitElement, nothing } from 'lit';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { runListStyles } from '../controls/run-list-styles.ts';
import { base, controls } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { tuningWords } from '../tune/tuning.en.ts';
import { nats } from '../tune/tuning-answer.ts';
import { resumableWords } from './resumable.en.ts';
import type { ResumableRun, ResumableRuns } from './resumable-runs.ts';
import type { ForeignRun } from './run-storage.ts';

/** A run to go on with, and the files of its model where a person chose them again. */
export interface ResumeWish {
  readonly run: ResumableRun;
  readonly files?: readonly File[];
}

/**
 * The runs that can be resumed: how far each is, on with it, and away with it. Fires `resume` with a
 * ResumeWish.
 */
export class ResumableList extends LitElement {
  static override properties = {
    runs: { attribute: false },
    disabled: { type: Boolean },
    told: { state: true },
  };
  static override styles = [
    base,
    controls,
    viewStyles,
    runListStyles,
    css`
      h2 {
        font-size: var(--text-l);
      }
      ul {
        border-color: var(--accent);
      }
    `,
  ];
  declare runs: ResumableRuns;
  /** Whether none can begin now. */
  declare disabled: boolean;
  /** The last thing that happened to the list. */
  declare told: string;
  readonly #look = () => {
    if (document.visibilityState === 'visible') void this.runs.load();
  };

  constructor() {
    super();
    this.told = '';
    new Follow(this, () => [this.runs.runs, this.runs.foreign]);
    new KeepFocus(this, () => this.renderRoot.querySelector('section'));
  }

  /** What other tabs did meanwhile is seen when this one is shown again. */
  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#look);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#look);
  }

  /** With nothing to show it takes no room, nor a gap around it. */
  override willUpdate(): void {
    const { runs, foreign } = this.runs;
    this.hidden = runs.value.length + foreign.value.length === 0 && this.told === '';
  }

  override render() {
    const words = resumableWords();
    const runs = this.runs.runs.value;
    const foreign = this.runs.foreign.value;
    if (this.hidden) return nothing;
    return html`<section tabindex="-1" aria-label=${words.heading(runs.length)}>
      ${
        runs.length === 0
          ? nothing
          : html`<h2>${words.heading(runs.length)}</h2>
              <p class="small muted">${words.lead}</p>
              <ul>${runs.map((run) => this.#run(run))}</ul>`
      }
      ${foreign.length === 0 ? nothing : html`<ul>${foreign.map((run) => this.#foreign(run))}</ul>`}
      <p class="small muted" role="status">${this.told}</p>
    </section>`;
  }

  /** One that takes room, and can be deleted alone. */
  #foreign({ id, bytes }: ForeignRun) {
    const words = resumableWords();
    return html`<li>
      <p>${words.foreign}</p>
      <div class="row">
        <button class="quiet" @click=${() => this.#remove(id, words.foreignRun)}>${words.remove(bytes)}</button>
      </div>
    </li>`;
  }

  #run(resumable: ResumableRun) {
    const words = resumableWords();
    const { run, last, bytes, isElsewhere } = resumable;
    const name = nameOf(resumable);
    const facts = [
      words.at(last.step, run.steps),
      ...(last.loss === undefined ? [] : [words.loss(nats(last.loss))]),
      words.saved(Date.now() - last.at.getTime()),
    ];
    return html`<li>
      <div>
        <p class="name">${name}</p>
        <p class="small muted">${run.data ?? tuningWords().data.own} · ${facts.join(' · ')}</p>
      </div>
      ${
        isElsewhere
          ? html`<p class="small">${words.elsewhere}</p>`
          : html`${run.model ? html`<p class="small">${words.folderNeeded(run.model.name)}</p>` : nothing}
            <div class="row" role="group" aria-label=${name}>
              ${this.#resume(resumable)}
              <button class="quiet" @click=${() => this.#remove(resumable.id, name)}>${words.remove(bytes)}</button>
            </div>`
      }
    </li>`;
  }

  #resume(run: ResumableRun) {
    const words = resumableWords();
    const { model } = run.run;
    const { disabled } = this;
    if (!model)
      return html`<button class="primary" aria-disabled=${disabled} @click=${() => !disabled && this.#wish({ run })}>${words.resume}</button>`;
    if (disabled) return html`<button aria-disabled="true">${words.resume}</button>`;
    return html`<label class="button open">
      ${model.isFile ? words.chooseFile : words.chooseFolder}
      <input
        class="visually-hidden"
        type="file"
        accept=${model.isFile ? '.gguf' : nothing}
        ?webkitdirectory=${!model.isFile}
        ?multiple=${!model.isFile}
        @change=${(event: Event) => this.#take(run, event)}
      />
    </label>`;
  }

  #take(run: ResumableRun, event: Event): void {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = '';
    if (files.length > 0) this.#wish({ run, files });
  }

  #wish(detail: ResumeWish): void {
    this.told = '';
    this.dispatchEvent(new CustomEvent('resume', { detail }));
  }

  async #remove(id: string, name: string): Promise<void> {
    const words = resumableWords();
    try {
      await this.runs.remove(id);
      this.told = words.removed(name);
    } catch {
      this.told = words.elsewhere;
    }
  }
}

/** What a run is called: its model and when it began. */
function nameOf({ run }: ResumableRun): string {
  const model = run.model?.name ?? tuningWords().folder.small;
  return resumableWords().run(model, unitsWords().instant(new Date(run.startedAt)));
}

customElements.define('gp-resumable-runs', ResumableList);
