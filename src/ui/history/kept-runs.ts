import { css, html, LitElement, nothing } from 'lit';
import { frameWords } from '../app/frame.en.ts';
import { compareWords } from '../compare/compare.en.ts';
import type { CompareSession } from '../compare/compare-session.ts';
import { placeOf, restrictionsOf, tallyOfHead } from '../compare/compare-words.ts';
import { SIDES, type Side } from '../compare/side.ts';
import { download } from '../controls/download.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { History } from './history.ts';
import { runsWords } from './runs.en.ts';
import { type KeptRun, LIMITS } from './shelf.ts';

/** The runs of this device: compare, save, delete, export, import. Fires `choose`, and `check`. */
export class KeptRuns extends LitElement {
  static override properties = {
    history: { attribute: false },
    comparison: { attribute: false },
    asking: { state: true },
    told: { state: true },
    problems: { state: true },
  };
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
      .list {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: var(--space-2) var(--space-4);
        align-items: center;
        padding: var(--space-3) var(--space-4);
      }
      li + li {
        border-block-start: 1px solid var(--line);
      }
      .when {
        font-weight: 600;
      }
      .row {
        gap: var(--space-2);
      }
      .tools {
        margin-block-start: var(--space-4);
      }
      .import {
        position: relative;
      }
      .import:focus-within {
        outline: 3px solid var(--focus);
        outline-offset: 2px;
      }
      .tone {
        margin-block: var(--space-3);
      }
      @media (max-width: 48rem) {
        li {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];
  declare history: History;
  declare comparison: CompareSession;
  /** Whether to delete all is being asked. */
  declare asking: boolean;
  /** The last thing that happened to the list. */
  declare told: string;
  declare problems: readonly string[];

  constructor() {
    super();
    this.asking = false;
    this.told = '';
    this.problems = [];
    new Follow(this, () => [this.history.state, this.comparison.state]);
    // The last tool is the harmless one of those that are asked for.
    new KeepFocus(
      this,
      () =>
        [...this.renderRoot.querySelectorAll<HTMLElement>('section, .tools button')].at(-1) ?? null,
    );
  }

  override render() {
    const words = runsWords();
    const { phase, runs, lasting } = this.history.state.value;
    return html`<section tabindex="-1" aria-labelledby="title">
      <header>
        <h2 id="title">${words.runs}</h2>
        <p class="muted">${words.runsLead(LIMITS.runs, LIMITS.bytes)}</p>
      </header>
      ${lasting ? nothing : html`<p class="tone warn">${words.notLasting}</p>`}
      ${phase === 'loading' ? html`<p class="muted">${frameWords().loading}</p>` : this.#runs(runs)}
      ${this.problems.map((problem) => html`<p class="tone bad" role="alert" lang="en">${problem}</p>`)}
      <p class="small muted" role="status">${this.told}</p>
    </section>`;
  }

  #runs(runs: readonly KeptRun[]) {
    const words = runsWords();
    return html`
      ${
        runs.length === 0
          ? html`<p>${words.noRuns} <a href="?" @click=${this.#check}>${words.makeRun}</a></p>`
          : html`<ul class="list">${runs.map((run) => this.#run(run))}</ul>`
      }
      <div class="row tools">
        ${runs.length === 0 ? nothing : this.#wholeTools(runs)}
        <label class="button quiet import">
          ${words.importRuns}
          <input class="visually-hidden" type="file" multiple accept=".json,.gz,application/json,application/gzip" @change=${this.#import} />
        </label>
      </div>
    `;
  }

  #run({ head }: KeptRun) {
    const words = runsWords();
    const units = unitsWords();
    const [environment] = head.environments;
    const when = units.instant(new Date(head.run.startedAt));
    const title = words.runOf(when);
    const facts = [
      ...(head.kind === 'bench' ? [words.bench] : []),
      tallyOfHead(head),
      compareWords().took(units.duration(head.run.durationMs)),
      ...restrictionsOf(head.run),
    ];
    return html`<li>
      <div>
        <p class="when"><time datetime=${head.run.startedAt}>${when}</time></p>
        <p class="small muted">${environment ? html`${placeOf(environment)} · ` : nothing}${facts.join(' · ')}</p>
      </div>
      <div class="row" role="group" aria-label=${title}>
        ${SIDES.map(
          (
            side,
          ) => html`<button class="quiet" aria-pressed=${this.#isOn(side, head.run.id)} @click=${() => this.#choose(side, head.run.id)}>
            ${compareWords().setAs[side]}
          </button>`,
        )}
        <button class="quiet" @click=${() => this.#save(head.run.id)}>${words.saveRun}</button>
        <button class="quiet" @click=${() => this.#remove(head.run.id, when)}>${words.remove}</button>
      </div>
    </li>`;
  }

  #wholeTools(runs: readonly KeptRun[]) {
    const words = runsWords();
    const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
    if (this.asking) {
      return html`<span>${words.confirmAll(runs.length)}</span>
        <button class="quiet" @click=${() => this.#removeAll(runs)}>${words.confirm}</button>
        <button class="quiet" @click=${() => this.#ask(false)}>${words.cancel}</button>`;
    }
    return html`<span class="small muted">${words.size(runs.length, bytes)}</span>
      <button class="quiet" @click=${this.#export}>${words.exportAll}</button>
      <button class="quiet" @click=${() => this.#ask(true)}>${words.removeAll}</button>`;
  }

  #check(event: MouseEvent): void {
    event.preventDefault();
    this.dispatchEvent(new CustomEvent('check'));
  }

  #choose(side: Side, id: string): void {
    this.dispatchEvent(new CustomEvent('choose', { detail: [[side, { kind: 'run', id }]] }));
  }

  /** Whether the run is on that side of the comparison. */
  #isOn(side: Side, id: string): boolean {
    const slot = this.comparison.state.value[side];
    return slot.phase !== 'empty' && slot.source.kind === 'run' && slot.source.id === id;
  }

  async #save(id: string): Promise<void> {
    const { writeReport } = await import('../../report/write.ts');
    await this.#telling(async () =>
      download(
        `gradproof-${id}.json`,
        writeReport(await this.history.report(id)),
        'application/json',
      ),
    );
  }

  async #remove(id: string, when: string): Promise<void> {
    await this.#telling(async () => {
      await this.history.remove([id]);
      this.told = runsWords().removed(when);
    });
  }

  #ask(asking: boolean): void {
    this.asking = asking;
  }

  async #removeAll(runs: readonly KeptRun[]): Promise<void> {
    await this.#telling(() => this.history.remove(runs.map(({ head }) => head.run.id)));
    this.asking = false;
  }

  async #export(): Promise<void> {
    await this.#telling(async () =>
      download('gradproof-runs.jsonl.gz', await this.history.export(), 'application/gzip'),
    );
  }

  async #import(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = '';
    await this.#telling(async () => {
      const read = files.map(async (file) => ({
        name: file.name,
        bytes: await bytesOf(file, 'report'),
      }));
      const { taken, known, tooOld, problems } = await this.history.import(await Promise.all(read));
      this.told = runsWords().imported(taken, known, tooOld);
      this.problems = problems;
    });
  }

  async #telling(work: () => Promise<void>): Promise<void> {
    this.problems = [];
    try {
      await work();
    } catch (error) {
      this.problems = [error instanceof Error ? error.message : String(error)];
    }
  }
}

customElements.define('gp-kept-runs', KeptRuns);
