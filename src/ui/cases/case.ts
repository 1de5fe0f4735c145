import { css, html, LitElement, nothing } from 'lit';
import type { PlanEntry } from '../../harness/events.ts';
import { nextTask } from '../../harness/next-task.ts';
import type { Replayed } from '../../harness/recordings.ts';
import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { browserWords, chipName } from '../../report/place.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { CaseResult, Environment } from '../../report/schema.ts';
import { formatAddress } from '../app/address.ts';
import { canCompute, type Facts } from '../check/preflight.ts';
import { download } from '../controls/download.ts';
import { Follow } from '../controls/follow.ts';
import { icon } from '../controls/icons.ts';
import { lazily } from '../controls/lazily.ts';
import type { Observable } from '../controls/observable.ts';
import { base, controls, facts as factsStyle } from '../controls/styles.ts';
import type { History } from '../history/history.ts';
import type { Repeat, Repeated, RunSession } from '../run/run-session.ts';
import { factsOfCase } from './case-facts.ts';
import { type CaseSource, sourceOf } from './case-source.ts';
import { caseStateOf } from './case-state.ts';
import { casesWords } from './cases.en.ts';
import { kernelCode } from './kernel-code.ts';
import { probeThatApplies } from './probe-that-applies.ts';
import type { Leaf } from './suite-tree.ts';
import './fault.ts';
import './inputs.ts';
import './kernels.ts';
import '../run/run-buttons.ts';
import './status.ts';

/** One case: what was computed, how it went, and how to repeat it. */
export class CaseElement extends LitElement {
  static override properties = {
    leaf: { attribute: false },
    run: { attribute: false },
    facts: { attribute: false },
    history: { attribute: false },
    source: { state: true },
    codes: { state: true },
    whole: { state: true },
  };
  static override styles = [
    base,
    controls,
    factsStyle,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-4);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: var(--space-1) var(--space-4);
      }
      h3 {
        flex-basis: 100%;
        font-family: var(--mono);
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-2);
        border-block-start: 1px solid var(--line);
        padding-block-start: var(--space-4);
      }
      h4 {
        font-size: var(--text-m);
        font-weight: 650;
      }
      .finding {
        display: inline-flex;
        align-items: center;
        gap: 0.35em;
        font-size: var(--text-s);
        color: var(--warn);
      }
      dl {
        font-size: var(--text-s);
      }
    `,
  ];
  declare leaf: Leaf;
  declare run: RunSession;
  declare facts: Observable<Facts | undefined>;
  declare history: History;
  declare source: CaseSource | undefined;
  declare codes: readonly string[];
  /** Whether there is more than the head, which answers the click. */
  declare whole: boolean;

  constructor() {
    super();
    this.codes = [];
    this.whole = false;
    new Follow(this, () => [this.run.state, this.run.repeats, this.facts]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#fill();
  }

  /** What stands below the head is drawn in tasks of its own. */
  async #fill(): Promise<void> {
    await nextTask();
    this.whole = true;
    await nextTask();
    this.source = await sourceOf(this.leaf.entry, this.run.seed);
  }

  override render() {
    const cases = casesWords();
    const { entry, key } = this.leaf;
    const { id, suite, tier, description } = entry;
    const { run } = this;
    const state = run.state.value;
    const inRun = state.results.get(key);
    const repeat = run.repeats.value.get(key);
    const seen = typeof repeat === 'object' ? repeat : undefined;
    const caseState = caseStateOf(key, state);
    return html`
      <header>
        <h3 lang="en">${breakable(id)}</h3>
        ${caseState === 'not-run' ? nothing : html`<gp-status .caseState=${caseState}></gp-status>`}
        <span class="small muted">${tier}</span>
        ${inRun?.finding ? html`<span class="finding">${icon('alert')}${cases.finding}</span>` : nothing}
      </header>
      <p lang="en">${description}</p>
      <div class="row">
        ${canCompute(this.facts.value) ? this.#look(run.repeats.value.has(key), repeat) : nothing}
        <gp-run-buttons .run=${this.run} .facts=${this.facts} .entries=${[entry]}></gp-run-buttons>
        ${(state.files.get(key) ?? []).map(({ name, data }) => html`<button class="quiet" @click=${() => download(name, data, 'application/octet-stream')}>${cases.saveAlone}</button>`)}
        ${suite.startsWith('parity.') ? nothing : html`<a class="small" href=${addressOf(entry, run.seed)}>${cases.link}</a>`}
      </div>
      <dl>
        ${factsOfCase(entry, inRun ?? seen?.result, this.#place(inRun, seen)).map(
          ({ term, text, mono, foreign }) =>
            html`<dt>${term}</dt><dd class=${mono ? 'mono' : ''} lang=${foreign ? 'en' : nothing}>${text}</dd>`,
        )}
      </dl>
      ${this.whole ? this.#rest(inRun, seen, repeat) : nothing}
    `;
  }

  #rest(inRun: CaseResult | undefined, seen: Repeated | undefined, repeat: Repeat) {
    const { entry, key } = this.leaf;
    const { run } = this;
    const recording = run.state.value.recordings.get(entry.id);
    return html`
      ${lazily('gp-trend', () => import('../history/trend-element.ts'), this, html`<gp-trend .history=${this.history} .run=${this.run} .entry=${entry}></gp-trend>`)}
      ${this.#errors(seen)} ${this.#inputs()} ${this.#fault(inRun, repeat, run.repeats.value.has(key))} ${this.#probe(inRun ?? seen?.result, seen)}
      ${this.#kernels(inRun, seen)} ${this.#elsewhere(inRun, seen, recording)}
    `;
  }

  #look(asked: boolean, repeat: Repeat) {
    const cases = casesWords();
    const busy = asked && repeat === undefined;
    return html`<button class="quiet" aria-disabled=${busy} @click=${() => busy || this.run.repeat(this.leaf.entry)}>${busy ? cases.looking : cases.look}</button>
      ${repeat === undefined ? nothing : html`<span class="small" role="status">${cases.looked} ${repeatWords(repeat)}</span>`}`;
  }

  /** "on Apple M2 (Chromium 156)": the chip that a result is of. */
  #place(inRun: CaseResult | undefined, seen: Repeated | undefined): string | undefined {
    const environment = this.#environment(inRun, seen);
    if (!environment) return undefined;
    const { adapter, runtime, runtimeVersion } = environment;
    const { onProcessor, onChip } = casesWords();
    const browser = browserWords(runtime, runtimeVersion);
    return adapter.isFallback ? onProcessor(browser) : onChip(chipName(adapter), browser);
  }

  #environment(inRun: CaseResult | undefined, seen: Repeated | undefined): Environment | undefined {
    const { report, environment } = this.run.state.value;
    return inRun ? (report?.environments[inRun.env] ?? environment) : seen?.environment;
  }

  #errors(seen: Repeated | undefined) {
    const { errors } = casesWords();
    const examined = seen?.details?.examined;
    if (!examined && !canCompute(this.facts.value)) return nothing;
    return html`<section><h4>${errors.title}</h4>
      ${examined ? lazily('gp-errors', () => import('./errors.ts'), this, html`<gp-errors .examined=${examined}></gp-errors>`) : html`<p class="small muted">${errors.after}</p>`}
    </section>`;
  }

  #inputs() {
    const { inputs } = casesWords();
    if (!this.source) return nothing;
    const { given } = this.source;
    return html`<section><h4>${inputs.title}</h4>
      ${given ? html`<gp-inputs .given=${given} .seed=${this.run.seed}></gp-inputs>` : html`<p class="small muted">${inputs.own}</p>`}
    </section>`;
  }

  #fault(inRun: CaseResult | undefined, repeat: Repeat, asked: boolean) {
    if (!this.source) return nothing;
    const { entry } = this.leaf;
    const { seenToFail, mustFail } = casesWords().facts;
    return html`<section><h4>${inRun?.control?.status === 'red' ? seenToFail : mustFail}</h4>
      <gp-fault
        .name=${entry.control}
        .changes=${this.source.changes}
        .result=${inRun}
        .repeat=${repeat}
        ?busy=${asked && repeat === undefined}
        ?runnable=${canCompute(this.facts.value)}
        @try=${() => this.run.repeat(entry, true)}
      ></gp-fault>
    </section>`;
  }

  #probe(result: CaseResult | undefined, seen: Repeated | undefined) {
    const environment =
      result && this.#environment(result === seen?.result ? undefined : result, seen);
    if (!environment || !result || result.kernels.length === 0) return nothing;
    this.#loadCodes(result.kernels, result.id);
    const facts = probeThatApplies(environment.probe, this.codes, result);
    if (facts.length === 0) return nothing;
    return html`<section><h4>${casesWords().probe}</h4>
      <dl>${facts.map(({ name, found, means }) => html`<dt>${name}</dt><dd>${found}. ${means}</dd>`)}</dl>
    </section>`;
  }

  #loadCodes(kernels: readonly string[], id: string): void {
    const wanted = [id, ...kernels].join();
    if (wanted === this.#coded) return;
    this.#coded = wanted;
    Promise.all(kernels.map((kernel) => kernelCode(kernel, id))).then((codes) => {
      this.codes = codes.flatMap((code) => code?.linked ?? []);
    });
  }

  #coded = '';

  #kernels(inRun: CaseResult | undefined, seen: Repeated | undefined) {
    const { kernels } = casesWords();
    const dispatched = (inRun ?? seen?.result)?.kernels ?? [];
    const { given, changes = [] } = this.source ?? {};
    if (dispatched.length === 0 && !given) return nothing;
    return html`<section><h4>${kernels.title}</h4>
      <gp-kernels
        .caseId=${this.leaf.entry.id}
        .variants=${given?.variants ?? []}
        .variant=${given?.variant}
        .dispatched=${dispatched}
        .pipelines=${seen?.details?.pipelines ?? {}}
        .changes=${changes}
      ></gp-kernels>
    </section>`;
  }

  #elsewhere(
    inRun: CaseResult | undefined,
    seen: Repeated | undefined,
    recording: Replayed | undefined,
  ) {
    const { entry } = this.leaf;
    const { seed } = this.run;
    const result = inRun ?? seen?.result;
    const issue = result && {
      entry,
      result,
      environment: this.#environment(inRun, seen),
      details: seen?.details,
      seed,
    };
    const element = html`<gp-elsewhere
      .entry=${entry}
      .seed=${seed}
      .issue=${issue}
      .recording=${recording}
      .oracle=${this.source?.given?.recording}
    ></gp-elsewhere>`;
    return html`<section><h4>${casesWords().elsewhere.title}</h4>
      ${lazily('gp-elsewhere', () => import('./elsewhere.ts'), this, element)}
    </section>`;
  }
}

/** The address that runs a case alone, with the seed of its run. */
function addressOf({ id, tier }: PlanEntry, seed: number): string {
  const others =
    seed === DEFAULT_RUN_OPTIONS.seed ? [] : [[RUN_OPTIONS.seed.name, String(seed)] as const];
  return formatAddress({ view: 'check', options: { tier, filters: [id] }, others });
}

/** Lets a long id break between its parameters rather than inside of them. */
function breakable(id: string) {
  return id.split(';').map((part, i) => (i === 0 ? part : html`;<wbr />${part}`));
}

function repeatWords(repeat: NonNullable<Repeat>) {
  return typeof repeat === 'string'
    ? repeat
    : html`<gp-status .caseState=${repeat.result.status}></gp-status>`;
}

customElements.define('gp-case', CaseElement);
