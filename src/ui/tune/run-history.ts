import { css, html, LitElement, nothing } from 'lit';
import { base } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { happenedWords } from './happened.en.ts';
import type { Happening } from './happening.ts';

/** What happened to a run beside its steps, the latest first. */
export class RunHistory extends LitElement {
  static override properties = { happened: { attribute: false } };
  static override styles = [
    base,
    css`
      ol {
        display: grid;
        gap: var(--space-1);
        max-block-size: 14rem;
        overflow: auto;
        margin-block-start: var(--space-2);
        font-size: var(--text-s);
      }
      time {
        color: var(--muted);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];
  declare happened: readonly Happening[];

  override render() {
    const words = happenedWords();
    const { happened } = this;
    if (happened.length === 0) return nothing;
    return html`<details>
      <summary>${words.heading(happened.length)}</summary>
      <ol tabindex="0" aria-label=${words.label}>
        ${happened.toReversed().map(
          (each) =>
            html`<li>
              <time datetime=${each.at.toISOString()}>${unitsWords().instant(each.at)}</time>
              ${toldOf(each)}
            </li>`,
        )}
      </ol>
    </details>`;
  }
}

function toldOf(happening: Happening) {
  const words = happenedWords();
  const { step } = happening;
  switch (happening.kind) {
    case 'checkpoint':
      return words.checkpoint(step, happening.bytes, happening.ms, happening.share);
    case 'resumed':
      return words.resumed(step, happening.writtenBy);
    case 'skipped':
      return words.skipped(step, happening.numbers, happening.place, happening.lossScale);
    case 'nonfinite':
    case 'exploded':
      return words[happening.kind](step, happening.to, happening.learningRate);
    case 'halved':
      return words.halved(step, happening.to, happening.batchSize, happening.accumulation);
    case 'workerLost':
      return html`${words.workerLost(step, happening.rank, happening.to)}
        <span lang="en">${happening.message}</span>`;
    case 'refused':
    case 'leftOut':
    case 'lost':
    case 'sinkLost':
      return html`${words[happening.kind](step)} <span lang="en">${happening.message}</span>`;
  }
}

customElements.define('gp-run-history', RunHistory);
