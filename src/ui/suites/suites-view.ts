import coveringTests from 'virtual:covering-tests';
import { css, html, LitElement, nothing } from 'lit';
import { type Coverage, coverageOf } from '../../catalog/coverage.ts';
import { loadRows, type Row } from '../../catalog/rows.ts';
import type { PlanEntry } from '../../harness/events.ts';
import { keyOf } from '../../report/case-key.ts';
import type { Router } from '../app/router.ts';
import type { Detailed } from '../cases/detailed.ts';
import type { Plan } from '../cases/plan.ts';
import { Follow } from '../controls/follow.ts';
import { holdInSight } from '../controls/hold-in-sight.ts';
import { followInside } from '../controls/inner-link.ts';
import type { Notice } from '../controls/notice.ts';
import { Remembered } from '../controls/remembered.ts';
import { base, controls, facts, panels } from '../controls/styles.ts';
import type { RunSession } from '../run/run-session.ts';
import { resultsOf } from './read-tests.ts';
import { rowBody, rowBodyStyles, type Subject } from './row-body.ts';
import { suiteRow, suiteRowStyles } from './suite-row.ts';
import {
  bySuite,
  countStates,
  findRows,
  type Shown,
  type SuiteRow,
  stateOfRow,
  suiteOf,
  suiteRows,
} from './suite-rows.ts';
import { suiteSection, suiteSectionStyles } from './suite-section.ts';
import { suitesWords } from './suites.en.ts';
import { ALL, type SuitesSession, type TestReport } from './suites-session.ts';
import './suites-filter.ts';
import './tests-report.ts';

/**
 * The three original suites test by test: what each was called and did there, what is asserted
 * here, and how that stands in the run of the page.
 */
export class SuitesView extends LitElement {
  static override properties = {
    router: { attribute: false },
    plan: { attribute: false },
    run: { attribute: false },
    detailed: { attribute: false },
    suites: { attribute: false },
    notice: { attribute: false },
    catalog: { state: true },
  };
  static override styles = [
    base,
    controls,
    facts,
    panels,
    suiteSectionStyles,
    suiteRowStyles,
    rowBodyStyles,
    css`
      :host {
        container-type: inline-size;
      }
      .intro {
        display: grid;
        gap: var(--space-3);
        max-width: var(--column);
        margin-block-end: var(--space-5);
      }
      .lead {
        font-size: var(--text-l);
        color: var(--muted);
      }
    `,
  ];
  declare router: Router;
  declare plan: Plan;
  declare run: RunSession;
  declare detailed: Detailed;
  declare suites: SuitesSession;
  declare notice: Notice;
  /** Undefined until it is loaded. */
  declare catalog: ReadonlyMap<string, Row> | undefined;
  readonly #rows = new Remembered((catalog: ReadonlyMap<string, Row>, plan: Plan['value']) =>
    suiteRows<Subject>(catalog, coverageOf<string, Subject>(catalog, [...plan, ...coveringTests])),
  );
  readonly #results = new Remembered((tests: TestReport | undefined) =>
    resultsOf(tests?.report.results ?? []),
  );
  #leave = () => {};
  #letGo = () => {};
  /** The row that was scrolled to, which happens once. */
  #pointed: string | undefined;

  constructor() {
    super();
    new Follow(this, () => {
      const { tests, shown, open } = this.suites;
      return [this.router.address, this.plan, this.run.state, tests, shown, open];
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#load();
    this.#leave = this.router.address.subscribe(() => this.#point());
  }

  /** What cannot be loaded is told by the page. */
  async #load(): Promise<void> {
    const [catalog] = await Promise.all([loadRows(), this.plan.load()]);
    this.catalog = catalog;
    this.#point();
  }

  override disconnectedCallback(): void {
    this.#leave();
    this.#letGo();
    super.disconnectedCallback();
  }

  override render() {
    const { title, lead, reading } = suitesWords();
    return html`
      <header class="intro">
        <h1>${title}</h1>
        <p class="lead">${lead}</p>
        ${this.catalog ? this.#about(this.catalog) : nothing}
      </header>
      ${this.catalog ? this.#all(this.catalog) : html`<p class="muted">${reading}</p>`}
    `;
  }

  #about(catalog: ReadonlyMap<string, Row>) {
    const { totals, right, nothingRan, unknownRow } = suitesWords();
    const rows = this.#rows.of(catalog, this.plan.value);
    const counts: Record<Coverage, number> = { covered: 0, partly: 0, planned: 0 };
    for (const { covered } of rows) counts[covered.coverage]++;
    const { row } = this.router.address.value;
    return html`
      <p>${totals(rows.length, counts.covered, counts.partly, counts.planned)} ${right}</p>
      ${this.run.state.value.results.size > 0 ? nothing : html`<p>${nothingRan.before}<a href="?" @click=${(event: MouseEvent) => followInside(event, () => this.router.go({ view: 'check' }))}>${nothingRan.link}</a>${nothingRan.after}</p>`}
      <gp-tests-report .suites=${this.suites} .notice=${this.notice}></gp-tests-report>
      ${row && !catalog.has(row) ? html`<p class="tone warn" role="alert">${unknownRow(row)}</p>` : nothing}
    `;
  }

  #all(catalog: ReadonlyMap<string, Row>) {
    const { tests, shown, open } = this.suites;
    const rows = this.#rows.of(catalog, this.plan.value);
    const progress = this.run.state.value;
    const inReport = this.#results.of(tests.value);
    const resultOf = (subject: Subject) =>
      progress.results.get(keyOf(subject)) ?? inReport.get(keyOf(subject));
    const states = new Map(rows.map(({ id, covered }) => [id, stateOfRow(covered, resultOf)]));
    const found = findRows(rows, shown.value, states);
    const view = {
      resultOf,
      progress,
      tested: tests.value !== undefined,
      toRow: (event: MouseEvent, id: string) =>
        followInside(event, () => this.router.go({ row: id })),
    };
    const row = (each: SuiteRow<Subject>) => {
      const { id } = each;
      return suiteRow(each, {
        state: states.get(id) ?? 'planned',
        open: open.value.has(id),
        pointed: this.router.address.value.row === id,
        turn: (to) => this.suites.turn(id, to),
        body: () =>
          rowBody(each, {
            ...view,
            toCase: (event, entry) => followInside(event, () => this.#toCase(entry, id)),
          }),
      });
    };
    return html`
      <gp-suites-filter
        .shown=${shown.value}
        .names=${bySuite(rows).map(({ name }) => name)}
        .found=${found.length}
        .total=${rows.length}
        ?allOpen=${found.length > 0 && found.every(({ id }) => open.value.has(id))}
        @show=${this.#show}
        @turnall=${({ detail }: CustomEvent<boolean>) => this.#turnAll(found, detail)}
      ></gp-suites-filter>
      ${bySuite(found).map((suite) => {
        const all = rows.filter(({ id }) => suiteOf(id) === suite.name);
        return suiteSection(suite, countStates(all, states), row);
      })}
    `;
  }

  #show({ detail }: CustomEvent<Shown>): void {
    this.suites.shown.value = detail;
  }

  #turnAll(rows: readonly { readonly id: string }[], open: boolean): void {
    const ids = rows.map(({ id }) => id);
    const others = [...this.suites.open.value].filter((id) => !ids.includes(id));
    this.suites.open.value = new Set(open ? [...others, ...ids] : others);
  }

  /** Opens the row that the address points at, and holds it in sight. */
  async #point(): Promise<void> {
    const { row } = this.router.address.value;
    if (!row || row === this.#pointed || !this.isConnected || !this.catalog?.has(row)) return;
    this.#pointed = row;
    this.suites.shown.value = ALL;
    this.suites.turn(row, true);
    await this.updateComplete;
    const item = this.renderRoot.querySelector(`[data-row="${CSS.escape(row)}"]`);
    if (!item) return;
    if (!this.#focusIsElsewhere) item.querySelector('summary')?.focus({ preventScroll: true });
    this.#letGo();
    this.#letGo = holdInSight(item);
  }

  /** A control beside this view has it, such as the one that changed the language. */
  get #focusIsElsewhere(): boolean {
    const { activeElement } = this.getRootNode() as ShadowRoot;
    return activeElement !== null && !activeElement.contains(this);
  }

  /** A person who comes back finds the row where the case was. */
  #toCase({ id, tier }: PlanEntry, row: string): void {
    this.#pointed = row;
    this.router.go({ row }, true);
    this.detailed.value = true;
    this.router.go({ view: 'check', options: { tier, filters: [id] }, words: '' });
  }
}

customElements.define('gp-suites-view', SuitesView);
