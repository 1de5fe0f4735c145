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
import { isComplete, type ResumableRun, type ResumableRuns } from './resumable-runs.ts';
import type { ForeignRun } from './run-storage.ts';

/** A run to go on with, and the files of its model where a person chose them again. */
export interface ResumeWish {
  readonly run: ResumableRun;
  readonly files?: readonly File[];
}

/**
 * The runs that are kept: how far each is, on with it or its result anew, and away with it. Fires
 * `resume` with a ResumeWish.
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
      section + section {
        margin-block-start: 1.5rem;
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
    new KeepFocus(this, () => this.renderRoot.querySelector<HTMLElement>('.runs'));
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
    const unsaved = runs.filter(isComplete);
    const unfinished = runs.filter((run) => !isComplete(run));
    return html`<div class="runs" tabindex="-1">
      ${
        unfinished.length === 0
          ? nothing
          : this.#group(words.heading(unfinished.length), words.lead, unfinished)
      }
      ${
        unsaved.length === 0
          ? nothing
          : this.#group(words.unsavedHeading(unsaved.length), words.unsavedLead, unsaved)
      }
      ${
        foreign.length === 0
          ? nothing
          : html`<section aria-label=${words.foreignHeading}>
              <ul>${foreign.map((run) => this.#foreign(run))}</ul>
            </section>`
      }
      <p class="small muted" role="status">${this.told}</p>
    </div>`;
  }

  #group(heading: string, lead: string, runs: readonly ResumableRun[]) {
    return html`<section aria-label=${heading}>
      <h2>${heading}</h2>
      <p class="small muted">${lead}</p>
      <ul>${runs.map((run) => this.#run(run))}</ul>
    </section>`;
  }

  /** One that takes room, and can be deleted alone. */
  #foreign({ id, bytes, isDamaged }: ForeignRun) {
    const words = resumableWords();
    const name = isDamaged ? words.damagedRun : words.foreignRun;
    return html`<li>
      <p>${isDamaged ? words.damaged : words.foreign}</p>
      <div class="row">
        <button class="quiet" @click=${() => this.#remove(id, name)}>${words.remove(bytes)}</button>
      </div>
    </li>`;
  }

  #run(resumable: ResumableRun) {
    const words = resumableWords();
    const { run, last, bytes, isElsewhere } = resumable;
    const name = nameOf(resumable);
    const isWhole = isComplete(resumable);
    const needed = isWhole ? words.folderNeededToLoad : words.folderNeeded;
    const facts = [
      isWhole ? words.made(run.steps) : words.at(last.step, run.steps),
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
          ? html`<p class="small">${isWhole ? words.openElsewhere : words.elsewhere}</p>`
          : html`${run.model ? html`<p class="small">${needed(run.model.name)}</p>` : nothing}
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
    const isWhole = isComplete(run);
    const goOn = isWhole ? words.load : words.resume;
    if (!model)
      return html`<button class="primary" aria-disabled=${disabled} @click=${() => !disabled && this.#wish({ run })}>${goOn}</button>`;
    if (disabled) return html`<button aria-disabled="true">${goOn}</button>`;
    const chooseFile = isWhole ? words.chooseFileToLoad : words.chooseFile;
    const chooseFolder = isWhole ? words.chooseFolderToLoad : words.chooseFolder;
    return html`<label class="button open">
      ${model.isFile ? chooseFile : chooseFolder}
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
    if (files.length > 0) void this.#wish({ run, files });
  }

  /** Other tabs may have gone on with the run, or removed it, since the list was read. */
  async #wish({ run: listed, ...files }: ResumeWish): Promise<void> {
    const run = await this.runs.again(listed);
    this.told = run ? '' : resumableWords().gone;
    if (!run) return;
    const detail: ResumeWish = { run, ...files };
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
