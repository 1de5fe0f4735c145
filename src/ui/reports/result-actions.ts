import { css, html, LitElement } from 'lit';
import type { Report } from '../../report/schema.ts';
import { base, controls } from '../controls/styles.ts';
import { withWords } from '../messages/words.ts';
import type { ShareDialog } from '../share/share-dialog.ts';
import { actionsWords } from './actions.en.ts';
import { saveReport } from './report-files.ts';

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
    const { share, saveReport: save, compareRun } = actionsWords();
    return html`
      <div class="row">
        <button class="quiet" aria-keyshortcuts="C" @click=${this.#share}>${share}</button>
        <button class="quiet" @click=${() => saveReport(this.report, 'json')}>${save}</button>
        <button class="quiet" @click=${this.#compare}>${compareRun}</button>
      </div>
      <gp-share-dialog .report=${this.report}></gp-share-dialog>
    `;
  }

  /** An experienced user takes it from here. */
  #compare(): void {
    this.dispatchEvent(
      new CustomEvent('comparerun', { detail: this.report.run.id, bubbles: true, composed: true }),
    );
  }

  async #share(): Promise<void> {
    await withWords(import('../share/share-dialog.ts'));
    const dialog = this.renderRoot.querySelector<ShareDialog>('gp-share-dialog');
    await dialog?.updateComplete;
    await dialog?.show();
  }
}

customElements.define('gp-result-actions', ResultActions);
