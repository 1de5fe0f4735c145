import { css, html, LitElement } from 'lit';
import type { Report } from '../../harness/report/schema.ts';
import { download } from '../state/download.ts';
import { base, controls } from '../styles.ts';
import type { ShareDialog } from './share-dialog.ts';

/** What can be done with a report: share it as a link, save it. */
export class ResultActions extends LitElement {
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
    return html`
      <div class="row">
        <button class="quiet" @click=${this.#share}>Copy link…</button>
        <button class="quiet" @click=${this.#saveJson}>Save report</button>
        <button class="quiet" @click=${this.#saveJUnit}>Save as JUnit</button>
      </div>
      <gp-share-dialog .report=${this.report}></gp-share-dialog>
    `;
  }

  async #share(): Promise<void> {
    await import('./share-dialog.ts');
    const dialog = this.renderRoot.querySelector<ShareDialog>('gp-share-dialog');
    await dialog?.updateComplete;
    await dialog?.show();
  }

  async #saveJson(): Promise<void> {
    const { writeReport } = await import('../../harness/report/write.ts');
    download(`gradproof-${this.report.run.id}.json`, writeReport(this.report), 'application/json');
  }

  async #saveJUnit(): Promise<void> {
    const { toJUnit } = await import('../../harness/report/junit.ts');
    download(`gradproof-${this.report.run.id}.xml`, toJUnit(this.report), 'application/xml');
  }
}

customElements.define('gp-result-actions', ResultActions);
