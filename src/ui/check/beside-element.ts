import { css, html, LitElement, nothing } from 'lit';
import type { Router } from '../app/router.ts';
import type { Detailed } from '../cases/detailed.ts';
import { Follow } from '../controls/follow.ts';
import { followInside } from '../controls/inner-link.ts';
import { lazily } from '../controls/lazily.ts';
import type { Observable } from '../controls/observable.ts';
import { Remembered } from '../controls/remembered.ts';
import { base, panels } from '../controls/styles.ts';
import { Wide } from '../controls/wide.ts';
import type { Brought } from '../libraries/recording-sets.ts';
import type { Replay } from '../libraries/replay.ts';
import { squaresOfRun } from '../mosaic/squares.ts';
import type { RunSession } from '../run/run-session.ts';
import { IDLE, type RunState } from '../run/run-state.ts';
import type { SpeedSession } from '../speed/speed-session.ts';
import { answer, factsOfReport } from './answer.ts';
import { checkWords } from './check.en.ts';
import { type Facts, isBlocked } from './preflight.ts';
import '../libraries/recordings.ts';

/**
 * Between two pictures of a run that goes: to paint one may take from the processor that computes.
 */
const REDRAW_MS = 240;

/**
 * What stands beside question and answer where there is room for two columns, and else below them:
 * every check of the run, the way to the model sheet, what other libraries recorded, charts.
 */
export class BesideElement extends LitElement {
  static override properties = {
    run: { attribute: false },
    facts: { attribute: false },
    replay: { attribute: false },
    detailed: { attribute: false },
    speed: { attribute: false },
    router: { attribute: false },
    pictured: { state: true },
  };
  static override styles = [
    base,
    panels,
    css`
      :host {
        display: grid;
        gap: var(--space-5);
        grid-template-columns: minmax(0, 1fr);
      }
      .sheet {
        display: grid;
        gap: var(--space-3);
      }
      summary {
        font-weight: 650;
        color: var(--muted);
        margin-block-end: var(--space-4);
      }
      @media print {
        gp-recordings,
        details:not([open]) {
          display: none;
        }
      }
    `,
  ];
  declare run: RunSession;
  declare facts: Observable<Facts | undefined>;
  declare replay: Replay;
  declare detailed: Detailed;
  declare speed: SpeedSession;
  declare router: Router;
  /** Whether the charts are open; undefined until a person has opened or closed them. */
  declare pictured: boolean | undefined;
  readonly #wide = new Wide(this);
  /** Whether the charts were drawn open. */
  #opened = false;
  #drawn: RunState = IDLE;
  #drawnAt = Number.NEGATIVE_INFINITY;
  readonly #squares = new Remembered(squaresOfRun);

  constructor() {
    super();
    new Follow(this, () => [this.facts, this.run.state]);
  }

  override render() {
    const state = this.run.state.value;
    return html`
      ${this.#mosaic(state)} ${this.#sheet(state)}
      <gp-recordings .run=${this.run} .facts=${this.facts} @replay=${({ detail }: CustomEvent<Brought>) => this.replay.brought(detail)}></gp-recordings>
      ${state.phase === 'ended' && state.report ? this.#pictures() : nothing}
    `;
  }

  /** How the run goes, and then the way into its details. */
  #mosaic(state: RunState) {
    if (state.selected.length === 0) return nothing;
    const now = performance.now();
    const isNext = state.phase !== 'running' || this.#drawn.selected !== state.selected;
    if (isNext || now - this.#drawnAt >= REDRAW_MS) {
      this.#drawn = state;
      this.#drawnAt = now;
    }
    const open = ({ detail: key }: CustomEvent<string>) => this.detailed.seek({ key });
    return lazily(
      'gp-mosaic',
      () => import('../mosaic/mosaic-element.ts'),
      this,
      html`<gp-mosaic .squares=${this.#squares.of(this.#drawn)} .nameOf=${idOf} @open=${open}></gp-mosaic>`,
    );
  }

  /** Where something is wrong there is nothing to look forward to. */
  #sheet({ phase, report, subject }: RunState) {
    const facts = this.facts.value;
    if (!facts || isBlocked(facts) || subject !== 'plan' || phase === 'failed') return nothing;
    if (report && answer(factsOfReport(report, subject)).tone === 'bad') return nothing;
    if (phase !== 'ended' && !this.#wide.value) return nothing;
    const { title, lead, open } = checkWords().sheet;
    const go = (event: MouseEvent) => followInside(event, () => this.router.go({ view: 'sheet' }));
    return html`<section class="panel sheet" aria-labelledby="sheet">
      <h2 id="sheet">${title}</h2>
      <p>${lead}</p>
      <p><a href="?view=sheet" @click=${go}>${open}</a></p>
    </section>`;
  }

  /** Loaded when they are first wanted; in two columns they are open from the beginning. */
  #pictures() {
    const open = this.pictured ?? this.#wide.value;
    this.#opened = open;
    const pictures = html`<gp-pictures .run=${this.run} .speed=${this.speed}></gp-pictures>`;
    return html`<details ?open=${open} @toggle=${this.#picture}>
      <summary>${checkWords().charts}</summary>
      ${open ? lazily('gp-pictures', () => import('../speed/pictures.ts'), this, pictures) : nothing}
    </details>`;
  }

  /** The event is late: the window may be of another width by now, and no person has closed it. */
  #picture({ target }: Event): void {
    const { open } = target as HTMLDetailsElement;
    if (open !== this.#opened) this.pictured = open;
  }
}

/** The id of a case in its key. */
function idOf(key: string): string {
  return key.slice(0, key.lastIndexOf(' '));
}

customElements.define('gp-beside', BesideElement);
