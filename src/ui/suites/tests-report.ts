import coveringTests from 'virtual:covering-tests';
import { css, html, LitElement, nothing } from 'lit';
import { keyOf } from '../../report/case-key.ts';
import { Follow } from '../controls/follow.ts';
import type { Notice } from '../controls/notice.ts';
import { base, controls } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { suitesWords } from './suites.en.ts';
import type { SuitesSession } from './suites-session.ts';

/** The tests of this build, whose results are shown. */
const KNOWN = new Set(coveringTests.map(keyOf));

/** Opens a report of the tests of page, command and repository, or says which one is open. */
export class TestsReport extends LitElement {
  static override properties = { suites: { attribute: false }, notice: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      label {
        display: grid;
        justify-items: start;
        gap: var(--space-1);
        font-size: var(--text-s);
        color: var(--muted);
      }
      input {
        max-inline-size: 100%;
      }
      @media print {
        details {
          display: none;
        }
      }
    `,
  ];
  declare suites: SuitesSession;
  declare notice: Notice;

  constructor() {
    super();
    new Follow(this, () => [this.suites.tests]);
  }

  override render() {
    const { title, choose, shown, unknown, forget } = suitesWords().report;
    const open = this.suites.tests.value;
    if (!open)
      return html`<details>
        <summary>${title}</summary>
        <label>${choose}<input type="file" accept=".json,.gz" @change=${this.#take} /></label>
      </details>`;
    const when = unitsWords().moment(new Date(open.report.run.startedAt));
    const others = open.report.results.filter((result) => !KNOWN.has(keyOf(result))).length;
    return html`<p class="row">
      ${shown(open.name, when)} ${others > 0 ? unknown(others) : nothing}
      <button class="quiet" @click=${this.#forget}>${forget}</button>
    </p>`;
  }

  #take({ currentTarget }: Event): void {
    const [file] = (currentTarget as HTMLInputElement).files ?? [];
    if (file) this.notice.during(() => this.suites.take(file));
  }

  #forget(): void {
    this.suites.tests.value = undefined;
  }
}

customElements.define('gp-tests-report', TestsReport);
