import { css, html, LitElement, nothing } from 'lit';
import type { Facts } from '../check/preflight.ts';
import { isBlocked } from '../check/preflight.ts';
import { type Computing, isComputing } from '../controls/computing.ts';
import { Follow } from '../controls/follow.ts';
import { lazily } from '../controls/lazily.ts';
import type { Observable } from '../controls/observable.ts';
import { namedServers } from '../controls/served-address.ts';
import { base } from '../controls/styles.ts';
import { viewStyles } from '../controls/view-styles.ts';
import { modelsWords } from '../tune/models.en.ts';
import type { ModelKind } from '../tune/tuning-choice.ts';
import type { TuningSession } from '../tune/tuning-session.ts';
import type { TrainingSession } from './training-session.ts';
import '../check/found.ts';
import '../tune/model-kinds.ts';
import '../tune/tune-view.ts';

/** Fine-tuning: whose model it is, and what goes with that. */
export class TrainView extends LitElement {
  static override properties = {
    facts: { attribute: false },
    training: { attribute: false },
    tuning: { attribute: false },
    others: { attribute: false },
  };
  static override styles = [
    base,
    viewStyles,
    css`
      /* Not a grid: what sticks in one does so in its own row. */
      :host {
        display: flex;
        flex-direction: column;
        gap: var(--space-5);
      }
      /* As wide as the two columns of choices below them. */
      @media (min-width: 75rem) {
        .stack {
          max-width: none;
        }
        .stack > :not(gp-model-kinds) {
          max-width: var(--column);
        }
      }
    `,
  ];
  declare facts: Observable<Facts | undefined>;
  /** Of a model of bytes. */
  declare training: TrainingSession;
  /** Of a folder's model. */
  declare tuning: TuningSession;
  /** What computes apart from this view. */
  declare others: readonly Computing[];

  constructor() {
    super();
    new Follow(this, () => [
      this.facts,
      this.training.state,
      this.tuning.state,
      this.tuning.choice.chosen,
    ]);
  }

  override render() {
    const words = modelsWords();
    const { facts, training, tuning } = this;
    const { kind } = tuning.choice.chosen.value;
    const blocked = facts.value !== undefined && isBlocked(facts.value);
    const busy = isComputing([training.state, tuning.state]) || isPaused(training, tuning);
    return html`
      <div class="stack">
        <h1>${words.title}</h1>
        <p class="lead" ?hidden=${busy}>${words.lead} ${words.stays(namedServers())}</p>
        ${blocked ? html`<gp-found .facts=${facts.value}></gp-found>` : nothing}
        <gp-model-kinds ?hidden=${busy} .kind=${kind} @kind=${this.#choose}></gp-model-kinds>
      </div>
      ${
        kind === 'bytes'
          ? lazily(
              'gp-byte-training',
              () => import('./byte-training.ts'),
              this,
              html`<gp-byte-training .facts=${facts} .training=${training}></gp-byte-training>`,
            )
          : html`<gp-tune-view .facts=${facts} .tuning=${tuning} .others=${[...this.others, training.state]}></gp-tune-view>`
      }
    `;
  }

  #choose({ detail }: CustomEvent<ModelKind>): void {
    this.tuning.choice.choose(detail);
  }
}

const isPaused = (...sessions: readonly (TrainingSession | TuningSession)[]): boolean =>
  sessions.some(({ state }) => state.value.phase === 'paused');

customElements.define('gp-train-view', TrainView);
