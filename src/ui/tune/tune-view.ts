import { css, html, LitElement, nothing } from 'lit';
import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import type { Facts } from '../check/preflight.ts';
import { bringInSight } from '../controls/bring-in-sight.ts';
import { type Computing, isComputing } from '../controls/computing.ts';
import { Follow } from '../controls/follow.ts';
import { KeepFocus } from '../controls/keep-focus.ts';
import type { Observable } from '../controls/observable.ts';
import { startBar } from '../controls/start-bar.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import { mergingWords } from '../merge/merging.en.ts';
import { trainedIn } from '../merge/trained-model.ts';
import { choicesOf } from '../resume/kept-choices.ts';
import { resumableWords } from '../resume/resumable.en.ts';
import type { ResumeWish } from '../resume/resumable-list.ts';
import type { ResumableRun } from '../resume/resumable-runs.ts';
import type { Conversation } from './conversation.ts';
import { tuningWords } from './tuning.en.ts';
import { tuningAnswer } from './tuning-answer.ts';
import type { TuningSession } from './tuning-session.ts';
import { limitsOf } from './tuning-setup.ts';
import { isGoingOn, keepingSoFar, runId, stepsOf, type TuningState } from './tuning-state.ts';
import { modelName, whatStarts } from './what-starts.ts';
import { workersWords } from './workers.en.ts';
import '../check/answer-element.ts';
import '../controls/progress.ts';
import '../merge/merge-model.ts';
import './ask-model.ts';
import './keep-run.ts';
import './kept-tunings.ts';
import '../resume/resumable-list.ts';
import './tuned-files.ts';
import './tuning-figures.ts';
import './tuning-setup.ts';

/** Fine-tuning of a folder's model: choose, start, ask it, watch it learn, save and keep what comes. */
export class TuneView extends LitElement {
  static override properties = {
    facts: { attribute: false },
    tuning: { attribute: false },
    others: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    panels,
    viewStyles,
    startBar,
    css`
      /* Two columns of choices, and what begins with them below both. */
      @media (min-width: 75rem) {
        .choices > :is(gp-tuning-setup, details, .bar) {
          max-width: none;
        }
      }
      .more {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
      }
    `,
  ];
  declare facts: Observable<Facts | undefined>;
  declare tuning: TuningSession;
  /** What computes apart from this view. */
  declare others: readonly Computing[];
  #wasBusy = false;

  constructor() {
    super();
    new Follow(this, () => [
      this.facts,
      this.tuning.state,
      this.tuning.choice.inspection,
      this.tuning.conversation,
      this.tuning.merging.state,
      ...this.others,
    ]);
    new KeepFocus(this, () => this.renderRoot.querySelector<HTMLElement>('button'));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#wasBusy = isGoingOn(this.tuning.state.value);
    void this.tuning.choice.inspect();
  }

  override render() {
    const words = tuningWords();
    const state = this.tuning.state.value;
    const { chosen, inspection } = this.tuning.choice;
    const busy = isGoingOn(state);
    const onReference = this.#onReference;
    const fresh = state.phase === 'idle' || (state.phase === 'failed' && !state.start);
    const setup = html`<gp-tuning-setup .choice=${this.tuning.choice} .fetched=${this.tuning.fetched} .limits=${limitsOf(this.facts.value)} .timestamps=${this.facts.value && (this.facts.value.adapter?.timestamps ?? false)} .onReference=${onReference}></gp-tuning-setup>`;
    return html`
      <div class="choices">
        ${
          busy || onReference
            ? nothing
            : html`<gp-resumable-runs .runs=${this.tuning.resumable} ?disabled=${!this.#canCompute} @resume=${this.#resume}></gp-resumable-runs>`
        }
        ${busy ? nothing : fresh ? setup : html`<details><summary>${words.setup}</summary>${setup}</details>`}
        ${isComputing(this.others) && !busy ? html`<p class="tone">${words.busy}</p>` : nothing}
        <div class="bar">
          <p id="starts" class="small muted" ?hidden=${busy}>${whatStarts(chosen.value, inspection.value, onReference)}</p>
          <div class="row">${this.#buttons(state, busy)}</div>
        </div>
        ${state.phase === 'failed' ? html`<p class="tone bad" role="alert" lang="en">${state.problem}</p>` : nothing}
      </div>
      ${fresh ? nothing : this.#live(state, busy)}
      <div class="stack"><gp-kept-tunings
        .shelf=${this.tuning.kept}
        .merging=${this.tuning.merging}
        .folder=${chosen.value.folder}
        .refusal=${this.#mergeRefusal}
        .talks=${state.answers}
      ></gp-kept-tunings></div>
    `;
  }

  /** Of a run that begins, what was chosen goes, and with it whatever was in sight. */
  override updated(): void {
    const busy = isGoingOn(this.tuning.state.value);
    if (busy && !this.#wasBusy)
      requestAnimationFrame(() =>
        bringInSight(...this.renderRoot.querySelectorAll('.bar, gp-progress')),
      );
    this.#wasBusy = busy;
  }

  /** One button in one place, so that the focus stays on it when Start becomes Stop; beside it the pause. */
  #buttons({ phase, onReference }: TuningState, busy: boolean) {
    const words = tuningWords();
    const disabled = busy ? phase === 'stopping' : !this.#canStart;
    const paused = phase === 'paused' || phase === 'pausing';
    return html`
      <button class=${busy ? '' : 'large primary'} aria-describedby=${busy ? nothing : 'starts'} aria-keyshortcuts="R" aria-disabled=${disabled} @click=${() => !disabled && this.#press(busy)}>
        ${phase === 'stopping' ? words.stopping : busy ? words.stop : phase === 'idle' ? words.start : words.again}
      </button>
      ${
        paused || (phase === 'running' && !onReference)
          ? html`<button aria-keyshortcuts="P" @click=${() => (paused ? this.tuning.resume() : this.tuning.pause())}>
              ${phase === 'paused' ? words.goOn : phase === 'pausing' ? words.pausing : words.pause}
            </button>`
          : nothing
      }
    `;
  }

  /** Whether this browser has no WebGPU, or no adapter for it, and a model is trained without. */
  get #onReference(): boolean {
    const facts = this.facts.value;
    return facts?.secureContext === true && !facts.adapter;
  }

  get #canCompute(): boolean {
    const facts = this.facts.value;
    // Without WebGPU the reference computes.
    return facts?.secureContext === true && !isComputing(this.others);
  }

  get #canStart(): boolean {
    const { reading, found, refusal } = this.tuning.choice.inspection.value;
    const limits = limitsOf(this.facts.value);
    return (
      this.#canCompute && !reading && found?.request !== undefined && !(limits && refusal?.(limits))
    );
  }

  /** Why nothing can be merged now; empty where it can. */
  get #mergeRefusal(): string {
    const facts = this.facts.value;
    if (facts && !facts.adapter) return mergingWords().needsDevice;
    const isBusy = isComputing(this.others) || isGoingOn(this.tuning.state.value);
    return isBusy ? tuningWords().busy : '';
  }

  #press(busy: boolean): void {
    if (busy) this.tuning.stop();
    else this.#start();
  }

  async #resume({ detail: { run, files } }: CustomEvent<ResumeWish>): Promise<void> {
    await this.tuning.choice.restore(choicesOf(run, files));
    if (this.#canStart) this.#start(run);
  }

  #start(resumed?: ResumableRun): void {
    const { value: chosen } = this.tuning.choice.chosen;
    const subject = {
      model: modelName(chosen),
      data: chosen.data?.name ?? tuningWords().data.own,
    };
    void (this.#onReference
      ? this.tuning.startOnReference(subject)
      : this.tuning.start(subject, resumed));
  }

  #live(state: TuningState, busy: boolean) {
    const words = tuningWords();
    const { subject, phase } = state;
    const { done, total } = stepsOf(state);
    const conversation = this.tuning.conversation.value;
    const left = state.remainingMs;
    const sharing = subject?.sharding;
    const keeping = keepingSoFar(state);
    return html`
      <div class="stack">
        ${subject ? html`<p class="small muted">${words.subject(subject.model, subject.data)} ${sharing ? workersWords().shared(sharing.workers, sharing.strategy) : nothing}</p>` : nothing}
        ${busy && keeping ? html`<p class="small muted">${resumableWords().keeping[keeping]}</p>` : nothing}
        ${state.sending ? html`<p class="small muted">${tuningWords().sending(state.sending)}</p>` : nothing}
        ${phase === 'paused' ? html`<p class="tone">${words.pausedAt(done)}</p>` : nothing}
        ${
          busy && phase !== 'paused'
            ? html`<div>
                <gp-progress
                  label=${words.progress}
                  noun="steps"
                  .done=${done}
                  .total=${total}
                  .remaining=${left === undefined ? undefined : { low: left, high: left }}
                ></gp-progress>
                <p class="small muted">${done > 0 ? nothing : whatFirst(state)}</p>
              </div>`
            : nothing
        }
        ${phase === 'ended' ? html`<gp-answer .answer=${tuningAnswer(state)}></gp-answer>` : nothing}
      </div>
      ${
        conversation
          ? html`<gp-ask-model
              .draft=${this.tuning.draft}
              .beginnings=${this.tuning.beginnings}
              .conversation=${conversation}
              .answers=${state.answers}
              .over=${!busy && !state.answers}
              @ask=${() => this.tuning.ask()}
            ></gp-ask-model>`
          : nothing
      }
      ${phase === 'ended' ? this.#kept(state, conversation) : nothing}
      ${state.start ? html`<gp-tuning-figures .state=${state}></gp-tuning-figures>` : nothing}
    `;
  }

  /** The merging of the run that has ended, where it left anything to merge or has written it. */
  #merged(state: TuningState) {
    const { subject, files, answers } = state;
    const { merging } = this.tuning;
    const run = subject && runId(subject);
    const hasFiles = files.length > 0;
    if (run === undefined || !(hasFiles || merging.state.value.run === run)) return nothing;
    return html`<gp-merge-model
      .merging=${merging}
      .run=${run}
      .refusal=${hasFiles ? this.#mergeRefusal : mergingWords().whole}
      .talks=${answers}
      @merge=${this.#merge}
    ></gp-merge-model>`;
  }

  #merge({ detail: form }: CustomEvent<ModelFormName>): void {
    const trained = trainedIn(this.tuning.state.value);
    if (trained) void this.tuning.merging.merge(trained, form);
  }

  #kept(state: TuningState, conversation: Conversation | undefined) {
    return html`<div class="stack more">
      <gp-tuned-files .tuning=${this.tuning} .state=${state}></gp-tuned-files>
      ${this.#merged(state)}
      <gp-keep-run
        .shelf=${this.tuning.kept}
        .conversation=${conversation}
        .state=${state}
        @kept=${({ detail }: CustomEvent<string>) => this.tuning.unsaved.had(detail)}
      ></gp-keep-run>
    </div>`;
  }
}

/** What goes on before a step is made. */
function whatFirst({ start }: TuningState) {
  const { loading, examining } = tuningWords();
  if (!start) return loading;
  return start.unjudged === undefined ? examining : nothing;
}

customElements.define('gp-tune-view', TuneView);
