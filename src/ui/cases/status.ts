import { css, html, LitElement, type TemplateResult } from 'lit';
import { type IconName, icon } from '../controls/icons.ts';
import { base } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import type { CaseState } from './case-state.ts';
import { listWords } from './list.en.ts';

const SHOWN: Readonly<Record<CaseState, readonly [icon: IconName, tone: string]>> = {
  pass: ['good', 'good'],
  fail: ['bad', 'bad'],
  error: ['alert', 'bad'],
  timeout: ['clock', 'bad'],
  lost: ['alert', 'bad'],
  skip: ['none', ''],
  running: ['running', ''],
  waiting: ['waiting', ''],
  'not-run': ['none', ''],
};

/** The shape that stands beside the word of a state. */
export function shapeOf(caseState: CaseState): IconName {
  return SHOWN[caseState][0];
}

/** `good`, `bad`, or nothing. */
export function toneOf(caseState: CaseState): string {
  return SHOWN[caseState][1];
}

/** What {@link statusWords} needs of the styles around it. */
export const statusStyles = css`
  .case-state {
    display: inline-flex;
    align-items: center;
    gap: 0.35em;
    white-space: nowrap;
    font-size: var(--text-s);
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  .case-state.good {
    color: var(--good);
  }
  .case-state.bad {
    color: var(--bad);
    font-weight: 600;
  }
`;

/**
 * How a case or suite stands, without an element of its own: rows of long lists are made while they
 * scroll.
 */
export function statusWords(caseState: CaseState, count?: number): TemplateResult {
  const list = listWords();
  const units = unitsWords();
  const counted = count === undefined ? '' : `${units.number(count)} `;
  return html`<span class="case-state ${toneOf(caseState)}">${icon(shapeOf(caseState))}${counted}${list.caseStates[caseState]}</span>`;
}

/** How a case or suite stands: a shape and a word, never colour alone. */
export class StatusElement extends LitElement {
  static override properties = { caseState: {}, count: { type: Number } };
  static override styles = [
    base,
    statusStyles,
    css`
      :host {
        display: inline-flex;
      }
    `,
  ];
  declare caseState: CaseState;
  declare count: number | undefined;

  override render() {
    return statusWords(this.caseState, this.count);
  }
}

customElements.define('gp-status', StatusElement);
