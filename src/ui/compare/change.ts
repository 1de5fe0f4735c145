import { css, html, LitElement, nothing } from 'lit';
import type { Change, ChangeKind } from '../../report/compare/compare.ts';
import type { CaseFigures } from '../../report/compare/snapshot.ts';
import { statusStyles, statusWords } from '../cases/status.ts';
import { trendWords } from '../charts/trend.en.ts';
import { type IconName, icon } from '../controls/icons.ts';
import { base, controls } from '../controls/styles.ts';
import { sideBySide } from '../controls/tables.ts';
import type { History } from '../history/history.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { RunSession } from '../run/run-session.ts';
import { compareWords } from './compare.en.ts';
import { timeWords, usedWords } from './compare-words.ts';
import '../history/trend-element.ts';

const LOOKS: Readonly<Record<ChangeKind, readonly [IconName, tone: string]>> = {
  'newly-wrong': ['bad', 'bad'],
  'newly-right': ['good', 'good'],
  'other-status': ['alert', ''],
  'only-before': ['none', ''],
  'only-after': ['file', ''],
  finding: ['alert', 'warn'],
  slower: ['clock', 'warn'],
  faster: ['clock', 'good'],
  accuracy: ['chip', ''],
};

/** A line of both sides in full. */
type Line = readonly [name: string, before: unknown, after: unknown];

/**
 * A case that two results do not tell alike: a line, and behind it both sides in full with its
 * trend. Fires `toggle`.
 */
export class ChangeElement extends LitElement {
  static override properties = {
    history: { attribute: false },
    run: { attribute: false },
    change: { attribute: false },
    open: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    sideBySide,
    statusStyles,
    css`
      :host {
        border-block-end: 1px solid var(--line);
      }
      .head {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: var(--space-1) var(--space-3);
        align-items: center;
        justify-content: stretch;
        width: 100%;
        border: 0;
        border-radius: 0;
        background: none;
        font-weight: 400;
        text-align: start;
        padding: var(--space-2) var(--space-4);
      }
      .head svg {
        flex: none;
      }
      .kind {
        display: inline-flex;
        align-items: center;
        gap: 0.35em;
        font-size: var(--text-s);
        grid-column: 2;
        color: var(--muted);
      }
      .kind.bad {
        color: var(--bad);
        font-weight: 600;
      }
      .kind.good {
        color: var(--good);
      }
      .kind.warn {
        color: var(--warn);
      }
      .caret {
        grid-row: span 2;
        color: var(--muted);
        transition: transform var(--quick);
      }
      [aria-expanded='true'] .caret {
        transform: rotate(90deg);
      }
      .id {
        font-family: var(--mono);
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }
      .figures {
        display: inline-flex;
        flex-wrap: wrap;
        gap: 0 var(--space-2);
        align-items: center;
        justify-content: flex-end;
        font-size: var(--text-s);
        grid-row: span 2;
      }
      :focus-visible {
        outline-offset: -3px;
      }
      .body {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-3);
        padding: 0 var(--space-4) var(--space-4) var(--space-6);
      }
      .body td {
        font-variant-numeric: tabular-nums;
      }
      @media (max-width: 40rem) {
        .head {
          grid-template-columns: auto minmax(0, 1fr);
        }
        .figures {
          grid-column: 2;
          grid-row: auto;
          justify-content: flex-start;
        }
        .body {
          padding-inline-start: var(--space-4);
        }
      }
    `,
  ];
  declare history: History;
  declare run: RunSession;
  declare change: Change;
  declare open: boolean;

  override render() {
    const { id, backend, kinds } = this.change;
    const [shape, tone] = LOOKS[kinds[0]];
    return html`
      <button class="head" aria-expanded=${this.open} @click=${() => this.dispatchEvent(new CustomEvent('toggle'))}>
        <span class="caret">${icon('caret')}</span>
        <span class="id" lang="en">${id}${backend && backend !== 'webgpu' ? ` (${backend})` : nothing}</span>
        <span class="figures">${figuresOf(this.change)}</span>
        <span class="kind ${tone}">${icon(shape)}${unitsWords().list(kinds.map((kind) => compareWords().kinds[kind]))}</span>
      </button>
      ${this.open ? this.#body(this.change) : nothing}
    `;
  }

  #body({ id, before, after }: Change) {
    const words = compareWords();
    const both = (of: (figures: CaseFigures) => unknown) =>
      [before && of(before), after && of(after)] as const;
    const lines: readonly Line[] = [
      [trendWords().trendColumns.verdict, ...both(({ status }) => statusWords(status))],
      [words.reason, ...both(({ reason }) => reason && html`<span lang="en">${reason}</span>`)],
      [words.finding, ...both(({ finding }) => finding && html`<span lang="en">${finding}</span>`)],
      [words.boundUsed, ...usedWords(before, after)],
      [words.time, ...both(({ time }) => time && timeWords(time))],
    ];
    const told = lines.filter(([, first, second]) => first || second);
    const cell = (figures: CaseFigures | undefined, told: unknown) =>
      figures ? told || '–' : words.missing;
    return html`<div class="body">
      <div class="scroll" tabindex="0" role="region" aria-label=${id}>
        <table>
          <thead>
            <tr>
              <td></td>
              <th scope="col">${words.first}</th>
              <th scope="col">${words.second}</th>
            </tr>
          </thead>
          <tbody>
            ${told.map(
              ([name, first, second]) => html`<tr>
                <th scope="row">${name}</th>
                <td>${cell(before, first)}</td>
                <td>${cell(after, second)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <gp-trend .history=${this.history} .run=${this.run} .entry=${this.change}></gp-trend>
    </div>`;
  }
}

function caseState(figures: CaseFigures | undefined) {
  return figures ? statusWords(figures.status) : compareWords().missing;
}

/** What the line of a change shows of both sides: the figure that made it one. */
function figuresOf({ kinds: [kind], before, after }: Change) {
  const words = compareWords();
  const units = unitsWords();
  const arrow = html`<span aria-hidden="true">→</span><span class="visually-hidden">${words.to}</span>`;
  const pair = (first: string | undefined, second: string | undefined) =>
    html`<span>${first || words.none}</span>${arrow}<span>${second || words.none}</span>`;
  if (kind === 'accuracy') return pair(...usedWords(before, after));
  if (kind === 'finding') return pair(before?.finding, after?.finding);
  if (kind === 'slower' || kind === 'faster') {
    const median = (figures: CaseFigures | undefined) =>
      figures?.time && units.milliseconds(figures.time.medianMs);
    return pair(median(before), median(after));
  }
  if (!before || !after) return caseState(before ?? after);
  return html`${caseState(before)}${arrow}${caseState(after)}`;
}

customElements.define('gp-change', ChangeElement);
