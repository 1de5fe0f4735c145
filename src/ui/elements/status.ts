import { css, html, LitElement, type TemplateResult } from 'lit';
import { type IconName, icon } from '../icons.ts';
import { messages } from '../messages/language.ts';
import type { Standing } from '../state/standing.ts';
import { base } from '../styles.ts';

const SHOWN: Readonly<Record<Standing, readonly [icon: IconName, tone: string]>> = {
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

/** The shape that stands beside a standing's word. */
export function shapeOf(standing: Standing): IconName {
  return SHOWN[standing][0];
}

/** `good`, `bad`, or nothing. */
export function toneOf(standing: Standing): string {
  return SHOWN[standing][1];
}

/** What {@link statusWords} needs of the styles around it. */
export const statusStyles = css`
  .standing {
    display: inline-flex;
    align-items: center;
    gap: 0.35em;
    white-space: nowrap;
    font-size: var(--text-s);
    color: var(--muted);
    font-variant-numeric: tabular-nums;
  }
  .standing.good {
    color: var(--good);
  }
  .standing.bad {
    color: var(--bad);
    font-weight: 600;
  }
`;

/** How a case or suite stands, without an element of its own: rows of long lists are made while they scroll. */
export function statusWords(standing: Standing, count?: number): TemplateResult {
  const { list, units } = messages();
  const counted = count === undefined ? '' : `${units.number(count)} `;
  return html`<span class="standing ${toneOf(standing)}">${icon(shapeOf(standing))}${counted}${list.standings[standing]}</span>`;
}

/** How a case or suite stands: a shape and a word, never colour alone. */
export class StatusElement extends LitElement {
  static override properties = { standing: {}, count: { type: Number } };
  static override styles = [
    base,
    statusStyles,
    css`
      :host {
        display: inline-flex;
      }
    `,
  ];
  declare standing: Standing;
  declare count: number | undefined;

  override render() {
    return statusWords(this.standing, this.count);
  }
}

customElements.define('gp-status', StatusElement);
