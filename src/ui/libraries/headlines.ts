import { css, html, LitElement, nothing } from 'lit';
import { type Headline, headlinesOf } from '../../report/headlines.ts';
import { icon } from '../controls/icons.ts';
import { base } from '../controls/styles.ts';
import type { RunState } from '../run/run-state.ts';
import { headlinesWords } from './headlines.en.ts';

/**
 * How each library did, recorded or live, in one line each; below it where its own value is off.
 * Grows while a run goes on.
 */
export class HeadlinesElement extends LitElement {
  static override properties = { run: { attribute: false } };
  static override styles = [
    base,
    css`
      li {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: var(--space-1) var(--space-2);
        padding-block: var(--space-2);
      }
      li + li {
        border-block-start: 1px solid var(--line);
      }
      svg {
        margin-block-start: 0.3em;
      }
      .good svg {
        color: var(--good);
      }
      .warn svg {
        color: var(--warn);
      }
      .bad svg {
        color: var(--bad);
      }
      .off {
        grid-column: 2;
        overflow-wrap: anywhere;
      }
    `,
  ];
  declare run: RunState;

  override render() {
    const { results, recordings, live } = this.run;
    const lines = headlinesOf([...results.values()], recordings, live);
    if (lines.length === 0) return nothing;
    return html`<ul aria-label=${headlinesWords().list}>${lines.map((line) => this.#line(line))}</ul>`;
  }

  #line(headline: Headline) {
    const { broken, deviating, loose, agree } = headline;
    const tone =
      broken > 0 ? 'bad' : deviating.length + loose > 0 ? 'warn' : agree > 0 ? 'good' : 'none';
    return html`<li class=${tone}>
      ${icon(tone)}<span>${headlinesWords().headline(headline)}</span>
      ${deviating.map(({ id, finding }) => html`<span class="off small muted" lang="en">${id.slice(id.indexOf(':') + 1)}: ${finding?.message}</span>`)}
    </li>`;
  }
}

customElements.define('gp-headlines', HeadlinesElement);
