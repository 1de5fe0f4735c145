import { css, html, LitElement, nothing } from 'lit';
import { isStandard, settingsOf } from '../../report/settings.ts';
import { optionsOf, queryText } from '../app/address.ts';
import type { Router } from '../app/router.ts';
import { replayedIn } from '../app/subject.ts';
import type { Detailed, Sought } from '../cases/detailed.ts';
import type { KnownFailuresSession } from '../cases/known-failures-session.ts';
import type { Plan } from '../cases/plan.ts';
import type { TreeState } from '../cases/suite-tree.ts';
import { Follow } from '../controls/follow.ts';
import { lazily } from '../controls/lazily.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, panels } from '../controls/styles.ts';
import type { History } from '../history/history.ts';
import type { BridgeSession } from '../libraries/bridge-session.ts';
import type { Replay } from '../libraries/replay.ts';
import type { RunSession } from '../run/run-session.ts';
import type { RunState } from '../run/run-state.ts';
import type { Starter } from '../run/starter.ts';
import type { SpeedSession } from '../speed/speed-session.ts';
import { answer, factsOfReport } from './answer.ts';
import { checkWords } from './check.en.ts';
import type { Facts } from './preflight.ts';
import { findings, isBlocked } from './preflight.ts';
import '../cases/details.ts';
import './beside-element.ts';
import './found.ts';

/**
 * The first screen: the question, what is here, what a click costs, one button; then the answer,
 * and everything behind it.
 */
export class CheckView extends LitElement {
  static override properties = {
    router: { attribute: false },
    facts: { attribute: false },
    run: { attribute: false },
    starter: { attribute: false },
    replay: { attribute: false },
    bridge: { attribute: false },
    detailed: { attribute: false },
    plan: { attribute: false },
    tree: { attribute: false },
    known: { attribute: false },
    history: { attribute: false },
    speed: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    panels,
    css`
      .sides {
        display: grid;
        gap: 0 var(--space-6);
      }
      .side {
        min-inline-size: 0;
      }
      @media (max-width: 74.99rem) {
        gp-beside {
          max-width: var(--column);
          margin-block-start: var(--space-5);
        }
      }
      @media (min-width: 75rem) {
        .sides {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
          align-items: start;
        }
      }
      .hero {
        display: grid;
        gap: var(--space-5);
        max-width: var(--column);
      }
      .lead {
        font-size: var(--text-l);
        color: var(--muted);
        max-width: 40rem;
      }
      /* A box of its own: the word breaks only where a line does not hold it. */
      .whole {
        display: inline-block;
        max-width: 100%;
      }
      .run {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-3) var(--space-5);
        align-items: center;
      }
      gp-progress,
      gp-answer,
      gp-arithmetic,
      gp-equipment,
      .tone {
        display: block;
        max-width: var(--column);
        margin-block-start: var(--space-5);
      }
      gp-details {
        margin-block-start: var(--space-7);
      }
      @media print {
        .run {
          display: none;
        }
        gp-details {
          margin-block-start: 0;
        }
      }
    `,
  ];
  declare router: Router;
  declare facts: Observable<Facts | undefined>;
  declare run: RunSession;
  declare starter: Starter;
  declare replay: Replay;
  declare bridge: BridgeSession;
  declare detailed: Detailed;
  declare plan: Plan;
  declare tree: Observable<TreeState>;
  declare known: KnownFailuresSession;
  declare history: History;
  declare speed: SpeedSession;

  constructor() {
    super();
    new Follow(this, () => [
      this.router.address,
      this.facts,
      this.run.state,
      this.bridge.state,
      this.detailed,
    ]);
  }

  override render() {
    const { facts, run } = this;
    const state = run.state.value;
    // Nothing stands below what is still looked for: what is found would move it.
    const rest = facts.value !== undefined;
    return html`
      <div class="sides">
        <div class="side">
          ${this.#hero(state)}
          ${rest ? this.#outcome(state) : nothing}
        </div>
        ${rest ? html`<gp-beside .run=${run} .facts=${facts} .replay=${this.replay} .detailed=${this.detailed} .speed=${this.speed} .router=${this.router}></gp-beside>` : nothing}
      </div>
      ${rest ? this.#rest(state) : nothing}
    `;
  }

  #hero(state: RunState) {
    const { facts } = this;
    const { question, lead } = checkWords();
    return html`
      <div class="hero">
        <h1>${question.before}<span class="whole">${question.whole}</span>${question.after}</h1>
        <p class="lead" ?hidden=${state.phase !== 'idle'}>${lead}</p>
        <gp-found .facts=${facts.value} ?compact=${state.phase !== 'idle'}>
          ${this.#libraries()}
          <div class="run">${this.#button(state)}</div>
        </gp-found>
      </div>
    `;
  }

  #libraries() {
    const { bridge } = this;
    if (bridge.state.value.phase === 'absent') return nothing;
    const picker = html`<gp-bridge-picker .bridge=${bridge}></gp-bridge-picker>`;
    return lazily('gp-bridge-picker', () => import('../libraries/bridge-picker.ts'), this, picker);
  }

  #rest(state: RunState) {
    const probe = state.environment?.probe;
    return html`
      ${state.phase === 'ended' && state.report ? lazily('gp-print-summary', () => import('../reports/print-summary.ts'), this, html`<gp-print-summary .report=${state.report}></gp-print-summary>`) : nothing}
      ${this.#details()}
      ${this.detailed.value ? lazily('gp-equipment', () => import('../equipment/equipment-element.ts'), this, html`<gp-equipment .bridge=${this.bridge}></gp-equipment>`) : nothing}
      ${probe ? lazily('gp-arithmetic', () => import('../speed/arithmetic.ts'), this, html`<gp-arithmetic .probe=${probe}></gp-arithmetic>`) : nothing}
    `;
  }

  /** Loaded when they are first opened. */
  #details() {
    const open = this.detailed.value;
    const toggle = () => {
      this.detailed.value = !open;
    };
    const browse = () => html`<gp-browse
      .router=${this.router}
      .plan=${this.plan}
      .tree=${this.tree}
      .run=${this.run}
      .starter=${this.starter}
      .facts=${this.facts}
      .known=${this.known}
      .history=${this.history}
      .sought=${this.detailed.sought}
    ></gp-browse>`;
    const seek = ({ detail }: CustomEvent<Sought>) => this.detailed.seek(detail);
    return html`<gp-details ?open=${open} @toggle=${toggle} @seek=${seek}>
      ${open ? lazily('gp-browse', () => import('../cases/browse.ts'), this, browse()) : nothing}
    </gp-details>`;
  }

  /** One button in one place, so that the focus stays on it when Run becomes Stop and Run again. */
  #button({ phase, subject }: RunState) {
    const busy = phase === 'starting' || phase === 'running' || phase === 'stopping';
    const facts = this.facts.value;
    const blocked = facts !== undefined && isBlocked(facts);
    const disabled = busy ? phase === 'stopping' : blocked || !facts;
    const words = checkWords();
    return html`
      <button class="large ${busy ? '' : 'primary'}" aria-keyshortcuts="R" aria-disabled=${disabled} @click=${() => !disabled && this.#press(busy)}>
        ${phase === 'stopping' ? words.stopping : busy ? words.stop : phase === 'idle' || subject === 'recordings' ? words.run : words.again}
      </button>
      ${busy ? nothing : html`<p class="muted">${blocked ? words.nothingRuns : words.noUpload(this.#cost())}</p>`}
    `;
  }

  #cost(): string {
    const { tier } = optionsOf(this.router.address.value);
    const { chosenOnly, costs, withLibraries } = checkWords();
    if (queryText(this.router.address.value) !== '') return chosenOnly;
    const devices = this.bridge.live()?.links.length ?? 0;
    return devices === 0 ? costs[tier] : withLibraries(costs[tier], devices);
  }

  #press(busy: boolean): void {
    if (busy) this.run.stop();
    else this.starter.start();
  }

  #outcome(state: RunState) {
    const { phase, report, problem, hung } = state;
    if (phase === 'failed') return failure(problem);
    if (phase === 'ended' && report) {
      const verdict = answer(factsOfReport(report, state.subject));
      const settings = settingsOf(report);
      const standard = isStandard(settings);
      const right = verdict.tone === 'good' || verdict.tone === 'warn';
      const shown = html`<gp-answer ?tinted=${!standard} .answer=${verdict}>
        ${standard ? nothing : lazily('gp-settings-note', () => import('../reports/settings-note.ts'), this, html`<gp-settings-note .settings=${settings}></gp-settings-note>`)}
        ${verdict.tone === 'bad' ? lazily('gp-failures', () => import('./failures-element.ts'), this, html`<gp-failures .report=${report} .detailed=${this.detailed}></gp-failures>`) : nothing}
        ${this.#headlines(state)}
        ${right ? this.#switch() : nothing}
        ${lazily('gp-result-actions', () => import('../reports/result-actions.ts'), this, html`<gp-result-actions .report=${report}></gp-result-actions>`)}
        ${right ? this.#nextStep(state) : nothing}
      </gp-answer>`;
      return html`${hung && !report.run.complete ? this.#hang(hung) : nothing} ${problem ? failure(problem) : nothing}
      ${lazily('gp-answer', () => import('./answer-element.ts'), this, shown)}`;
    }
    if (phase === 'idle') return nothing;
    const progress = html`<gp-progress
      label=${checkWords().progress}
      noun=${state.subject === 'plan' ? 'checks' : replayedIn(state.selected)}
      .done=${state.done}
      .total=${state.total}
      .remaining=${state.remaining}
    ></gp-progress>`;
    return html`${lazily('gp-progress', () => import('../controls/progress.ts'), this, progress)}
      ${this.#headlines(state)}`;
  }

  #headlines(state: RunState) {
    const headlines = html`<gp-headlines .run=${state}></gp-headlines>`;
    return lazily('gp-headlines', () => import('../libraries/headlines.ts'), this, headlines);
  }

  /** How to get the graphics chip into use, after a run without it. */
  #switch() {
    const facts = this.facts.value;
    const fallback = facts && findings(facts).find(({ code }) => code === 'fallback-adapter');
    return fallback ? html`<p>${checkWords().theSwitch} ${fallback.actions[0]}</p>` : nothing;
  }

  /** After a right computation, the next thing to see is that it learns. */
  #nextStep({ subject, report }: RunState) {
    if (subject === 'recordings' || !report || report.summary.passed === 0) return nothing;
    return html`<p>
      <a href="?view=train" @click=${this.#toTraining}>${checkWords().try}</a>${checkWords().tryAfter}
    </p>`;
  }

  #toTraining(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.router.go({ view: 'train' });
  }

  #hang(id: string) {
    const { hung, goesOn, reload } = checkWords();
    return html`<div class="tone warn" role="alert">
      <p>${hung.before}<code lang="en">${id}</code>${hung.after} ${goesOn}</p>
      <button class="primary" @click=${() => location.reload()}>${reload}</button>
    </div>`;
  }
}

function failure(problem: string | undefined) {
  return html`<p class="tone bad" role="alert" lang="en">${problem}</p>`;
}

customElements.define('gp-check-view', CheckView);
