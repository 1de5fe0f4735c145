import { css, html, LitElement, nothing } from 'lit';
import { CONTENDERS } from '../../bench/contender.ts';
import { toldMs } from '../../bench/held-ceilings.ts';
import { type BenchRow, documentedMs, type GroupMean } from '../../bench/summary.ts';
import { groupBy } from '../../report/group.ts';
import type { CaseResult } from '../../report/schema.ts';
import { type FigureTable, toCsv } from '../../report/table.ts';
import { statusStyles } from '../cases/status.ts';
import { download } from '../controls/download.ts';
import { icon } from '../controls/icons.ts';
import { scrollingTable } from '../controls/scrolling-table.ts';
import { base, controls } from '../controls/styles.ts';
import { tables } from '../controls/tables.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import { contenderWords } from './contenders.ts';
import { workWords } from './work-words.ts';

/** The times of all contenders, a work a line, under the name and mean of its group. */
export class BenchTable extends LitElement {
  static override properties = {
    rows: { attribute: false },
    means: { attribute: false },
    settings: { state: true },
  };
  static override styles = [
    base,
    controls,
    tables,
    scrollingTable,
    statusStyles,
    css`
      th:not(:first-child),
      td {
        padding-inline: var(--space-3);
      }
      thead th {
        white-space: normal;
        overflow-wrap: normal;
        min-inline-size: 4.5rem;
      }
      tbody th[scope='row'] {
        font: 0.8125rem var(--mono);
        white-space: normal;
        min-inline-size: clamp(9rem, 24vw, 22rem);
        max-inline-size: 26rem;
      }
      td .setting {
        display: block;
        white-space: normal;
        min-inline-size: 6rem;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
        margin-block-start: var(--space-3);
      }
      input {
        flex: none;
        min-height: 0;
        inline-size: 1.1rem;
        block-size: 1.1rem;
        accent-color: var(--accent);
      }
      th[scope='rowgroup'] {
        padding-block-start: var(--space-4);
        white-space: normal;
      }
      th[scope='rowgroup'] span {
        font-weight: 400;
        color: var(--muted);
      }
      p {
        margin-block-start: var(--space-2);
      }
      button {
        margin-block-start: var(--space-3);
      }
    `,
  ];
  declare rows: readonly BenchRow[];
  declare means: readonly GroupMean[];
  /** Whether the setting of each time is shown below it. */
  declare settings: boolean;

  constructor() {
    super();
    this.settings = false;
  }

  override render() {
    const words = benchWords();
    const columns = contendersOf(this.rows);
    const { table } = words;
    const isRated = hasRates(this.rows);
    const isBesideFloats = hasFloats(this.rows);
    const caption = this.rows.every(isCeiling) ? table.ceilings : table.caption;
    const isCoarser = this.rows.some(({ results }) => [...results.values()].some(hasCoarserBound));
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
        <table>
          <caption>${caption}</caption>
          <thead>
            <tr>
              <th scope="col">${table.work}</th>
              ${columns.map((backend) => html`<th scope="col">${contenderWords(backend)}</th>`)}
              ${isRated ? [table.ratio, table.share].map((label) => html`<th scope="col">${label}</th>`) : nothing}
              ${isBesideFloats ? html`<th scope="col">${table.ofFloats}</th>` : nothing}
            </tr>
          </thead>
          ${[...groupBy(this.rows, ({ group }) => group)].map(([, rows]) => this.#group(rows, columns))}
        </table>
      </div>
      <p class="small muted">
        ${isRated ? table.hint : nothing} ${isBesideFloats ? table.ofFloatsHint : nothing} ${isCoarser ? table.coarser : nothing}
        ${columns.some((backend) => hasLoop(this.rows, backend)) ? table.loops : nothing}
      </p>
      <div class="row">
        <label><input type="checkbox" .checked=${this.settings} @change=${this.#turnSettings} /> ${table.settings}</label>
        <button class="quiet" @click=${this.#save}>${table.csv}</button>
      </div>
    `;
  }

  #group(rows: readonly BenchRow[], columns: readonly string[]) {
    const group = rows[0]?.group ?? 'other';
    const { groups, table } = benchWords();
    const { number } = unitsWords();
    const means = this.means.filter((one) => one.group === group && one.count > 1);
    const isRated = hasRates(this.rows);
    const isBesideFloats = hasFloats(this.rows);
    const told = means.map(
      ({ subgroup, geometricMean, count }) =>
        (subgroup ? `${subgroup}: ` : '') + table.mean(number(geometricMean, RATIO), count),
    );
    return html`<tbody>
      <tr><th scope="rowgroup" colspan=${columns.length + (isRated ? 3 : 1) + (isBesideFloats ? 1 : 0)}>${groups[group]} <span>${told.join(' · ')}</span></th></tr>
      ${rows.map(
        ({ id, results, ratio, shareOfCeiling, ofFloats }) => html`<tr>
          <th scope="row" dir="ltr">${workWords(id)}</th>
          ${columns.map((backend) => html`<td>${cell(results.get(backend))}${this.settings ? settingOf(results.get(backend)) : nothing}</td>`)}
          ${
            isRated
              ? html`<td>${ratio === undefined ? nothing : number(ratio, RATIO)}</td>
                  <td>${shareOfCeiling === undefined ? nothing : number(shareOfCeiling, SHARE)}</td>`
              : nothing
          }
          ${isBesideFloats ? html`<td>${ofFloats === undefined ? nothing : number(ofFloats, RATIO)}</td>` : nothing}
        </tr>`,
      )}
    </tbody>`;
  }

  #turnSettings(event: Event): void {
    this.settings = (event.target as HTMLInputElement).checked;
  }

  #save(): void {
    const name = this.rows.every(isCeiling) ? 'gradproof-ceilings' : 'gradproof-bench';
    download(`${name}.csv`, toCsv(benchTable(this.rows)), 'text/csv');
  }
}

const RATIO: Intl.NumberFormatOptions = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
const SHARE: Intl.NumberFormatOptions = { style: 'percent', maximumFractionDigits: 0 };
const MS: Intl.NumberFormatOptions = { maximumSignificantDigits: 3 };

const isCeiling = ({ group }: BenchRow) => group === 'ceilings';

/** Whether anything but ceilings was timed, which have neither ratio nor share. */
const hasRates = (rows: readonly BenchRow[]) => !rows.every(isCeiling);

/** Whether any is told beside the same work in float32. */
const hasFloats = (rows: readonly BenchRow[]) =>
  rows.some(({ ofFloats }) => ofFloats !== undefined);

/** Those that did, or tried, any of it. */
function contendersOf(rows: readonly BenchRow[]): readonly string[] {
  return CONTENDERS.filter((backend) =>
    rows.some(({ results }) => (results.get(backend)?.status ?? 'skip') !== 'skip'),
  );
}

function hasCoarserBound({ finding }: CaseResult): boolean {
  return finding?.code === 'coarser-bound';
}

/** Whether a library has a documented loop of its own, whose times stand beside. */
function hasLoop(rows: readonly BenchRow[], backend: string): boolean {
  return rows.some(({ results }) => documentedMs(results.get(backend)) !== undefined);
}

/** A time, or the status of what has none; of a library with a documented loop that time too. */
function cell(result: CaseResult | undefined) {
  if (!result || result.status === 'skip') return html`<span class="muted">–</span>`;
  const { status, timing } = result;
  if (!timing) return html`<span class="case-state bad" lang="en">${icon('bad')}${status}</span>`;
  const { number } = unitsWords();
  const loop = documentedMs(result);
  const beside =
    loop === undefined ? nothing : html` <small class="muted">${number(loop, MS)}</small>`;
  return html`${number(toldMs(result) ?? timing.medianMs, MS)}${hasCoarserBound(result) ? ' ~' : nothing}${beside}`;
}

function settingOf(result: CaseResult | undefined) {
  return result?.setting === undefined
    ? nothing
    : html`<small class="setting muted" lang="en" dir="ltr">${result.setting}</small>`;
}

/** The same as numbers and words, for a file. */
function benchTable(rows: readonly BenchRow[]): FigureTable {
  const { table } = benchWords();
  const columns = contendersOf(rows);
  const loops = columns.filter((backend) => hasLoop(rows, backend));
  const isBesideFloats = hasFloats(rows);
  const labels = [
    ...[table.work, ...columns.map(contenderWords), table.ratio, table.share],
    ...(isBesideFloats ? [table.ofFloats] : []),
    ...loops.map((backend) => table.loop(contenderWords(backend))),
    ...columns.map((backend) => table.setting(contenderWords(backend))),
  ];
  return {
    columns: labels.map((label) => ({ label })),
    rows: rows.map(({ id, results, ratio, shareOfCeiling, ofFloats }) => [
      id,
      ...columns.map((backend) => {
        const result = results.get(backend);
        return (
          (result && toldMs(result)) ?? (result?.status === 'skip' ? undefined : result?.status)
        );
      }),
      ...[ratio, shareOfCeiling],
      ...(isBesideFloats ? [ofFloats] : []),
      ...loops.map((backend) => documentedMs(results.get(backend))),
      ...columns.map((backend) => results.get(backend)?.setting),
    ]),
  };
}

customElements.define('gp-bench-table', BenchTable);
