import { css, html, LitElement } from 'lit';
import { type IconName, icon } from '../icons.ts';
import type { Standing } from '../state/suite-list.ts';
import { base } from '../styles.ts';

const SHOWN: Readonly<Record<Standing, readonly [word: string, icon: IconName, tone: string]>> = {
  pass: ['right', 'good', 'good'],
  fail: ['wrong', 'bad', 'bad'],
  error: ['error', 'alert', 'bad'],
  timeout: ['timed out', 'clock', 'bad'],
  lost: ['lost', 'alert', 'bad'],
  skip: ['skipped', 'none', ''],
  running: ['running', 'running', ''],
  waiting: ['waiting', 'waiting', ''],
};

/** How a case or suite stands: a shape and a word, never colour alone. */
export class StatusElement extends LitElement {
  static override properties = { standing: {}, count: { type: Number } };
  static override styles = [
    base,
    css`
      :host {
        display: inline-flex;
      }
      span {
        display: inline-flex;
        align-items: center;
        gap: 0.35em;
        white-space: nowrap;
        font-size: var(--text-s);
        color: var(--muted);
        font-variant-numeric: tabular-nums;
      }
      .good {
        color: var(--good);
      }
      .bad {
        color: var(--bad);
        font-weight: 600;
      }
    `,
  ];
  declare standing: Standing;
  declare count: number | undefined;

  override render() {
    const [word, shape, tone] = SHOWN[this.standing];
    return html`<span class=${tone}>${icon(shape)}${this.count === undefined ? '' : html`${this.count} `}${word}</span>`;
  }
}

customElements.define('gp-status', StatusElement);
