import { css, html, LitElement, nothing } from 'lit';
import { keyOf } from '../../report/case-key.ts';
import { causesOf } from '../../report/causes.ts';
import { reasonWords } from '../../report/reason.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import type { Detailed } from '../cases/detailed.ts';
import { Remembered } from '../controls/remembered.ts';
import { base, controls } from '../controls/styles.ts';
import { failuresWords } from './failures.en.ts';
import { type ToldCause, toldOf } from './failures.ts';

/** Checks that are listed; the details have all. */
const MOST_TOLD = 5;

/** The first checks that are wrong, by what may have caused it, each a way into its details. */
export class FailuresElement extends LitElement {
  static override properties = {
    report: { attribute: false },
    detailed: { attribute: false },
  };
  static override styles = [
    base,
    controls,
    css`
      section {
        display: grid;
        gap: var(--space-3);
      }
      h3 {
        font-size: var(--text-m);
        margin-block-end: var(--space-1);
        overflow-wrap: anywhere;
      }
      li {
        padding-block: var(--space-1);
      }
      .way {
        display: block;
        inline-size: 100%;
        min-block-size: 1.75rem;
        padding: 0;
        border: 0;
        background: none;
        text-align: start;
        text-decoration: underline;
        text-underline-offset: 0.2em;
        color: var(--accent);
      }
      .way:hover {
        background: none;
      }
      .reason {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        overflow-wrap: anywhere;
      }
      @media print {
        /* Paper lists all of them. */
        ul {
          display: none;
        }
      }
    `,
  ];
  declare report: Report;
  declare detailed: Detailed;
  readonly #causes = new Remembered((results: Report['results']) => {
    const causes = causesOf(results);
    const wrong = causes.reduce((sum, { results: some }) => sum + some.length, 0);
    return { wrong, shown: toldOf(causes, MOST_TOLD) };
  });

  override render() {
    const { wrong, shown } = this.#causes.of(this.report.results);
    if (wrong === 0) return nothing;
    const { label, more } = failuresWords();
    const rest = wrong - shown.reduce((sum, { told }) => sum + told.length, 0);
    return html`<section aria-label=${label}>
      ${shown.map((one) => this.#cause(one, wrong))}
      ${rest > 0 ? html`<div class="row"><button class="quiet" @click=${() => this.detailed.seek('wrong')}>${more(rest)}</button></div>` : nothing}
    </section>`;
  }

  #cause({ cause, told }: ToldCause, wrong: number) {
    return html`<div>
      <h3>${failuresWords().cause(cause, wrong)}</h3>
      <ul>${told.map((result) => this.#failure(result))}</ul>
    </div>`;
  }

  #failure(result: CaseResult) {
    const open = () => this.detailed.seek({ key: keyOf(result) });
    return html`<li lang="en">
      <button class="way mono" @click=${open}>${result.id}</button>
      <p class="reason small muted">${reasonWords(result)}</p>
    </li>`;
  }
}

customElements.define('gp-failures', FailuresElement);
