import { css, html, LitElement, nothing } from 'lit';
import { pythonCheck } from '../../harness/python-check.ts';
import type { Replayed } from '../../harness/recordings.ts';
import type { CaseResult } from '../../report/schema.ts';
import { copyText } from '../controls/copy.ts';
import { download } from '../controls/download.ts';
import { base, controls } from '../controls/styles.ts';
import { casesWords } from './cases.en.ts';

/**
 * The few lines of Python that check a recording with the library itself, to copy, and the
 * recording, to save beside them. A checkpoint is at hand already.
 */
export class PythonCheck extends LitElement {
  static override properties = {
    recording: { attribute: false },
    result: { attribute: false },
    copied: { state: true },
  };
  static override styles = [
    base,
    controls,
    css`
      summary {
        font-size: var(--text-s);
      }
      pre {
        margin-block: var(--space-3);
        padding: var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--sunken);
        font-family: var(--mono);
        font-size: 0.8125rem;
        line-height: 1.45;
        overflow-x: auto;
      }
    `,
  ];
  declare recording: Replayed;
  declare result: CaseResult | undefined;
  declare copied: boolean | undefined;

  override render() {
    const lines = pythonCheck(this.recording, this.result);
    const { python } = casesWords();
    return html`<details>
      <summary>${python.title}</summary>
      <pre tabindex="0" aria-label=${python.lines} lang="en">${lines}</pre>
      <div class="row">
        <button class="quiet" @click=${() => this.#copy(lines)}>${python.copy}</button>
        ${'bytes' in this.recording ? html`<button class="quiet" @click=${this.#save}>${python.save}</button>` : nothing}
        <span class="small" role="status">${this.copied === undefined ? nothing : this.copied ? python.copied : python.cannotCopy}</span>
      </div>
    </details>`;
  }

  async #copy(lines: string): Promise<void> {
    this.copied = await copyText(`${lines}\n`);
  }

  #save(): void {
    if ('bytes' in this.recording)
      download(this.recording.file, this.recording.bytes, 'application/octet-stream');
  }
}

customElements.define('gp-python-check', PythonCheck);
