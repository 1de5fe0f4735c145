import { css, html, LitElement } from 'lit';
import type { Report } from '../../report/schema.ts';
import { base, controls } from '../controls/styles.ts';
import { shareWords } from '../share/share.en.ts';
import { saveReport } from './report-files.ts';

/** A report as a file, in each format that there is. */
export class ReportFiles extends LitElement {
  static override properties = { report: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      .row {
        gap: var(--space-2);
      }
    `,
  ];
  declare report: Report;

  override render() {
    const { formats } = shareWords();
    return html`<div class="row">
      ${(Object.keys(formats) as (keyof typeof formats)[]).map(
        (format) =>
          html`<button class="quiet" @click=${() => saveReport(this.report, format)}>${formats[format]}</button>`,
      )}
    </div>`;
  }
}

customElements.define('gp-report-files', ReportFiles);
