import { css, html, LitElement, nothing } from 'lit';
import { logLines, logTable } from '../../harness/tuning/log.ts';
import { toCsv } from '../../report/table.ts';
import { download } from '../controls/download.ts';
import { base, controls } from '../controls/styles.ts';
import { saveReport } from '../reports/report-files.ts';
import { tuningWords } from './tuning.en.ts';
import type { TuningSession } from './tuning-session.ts';
import { runId, type TuningState } from './tuning-state.ts';

/** What came of a run, as files: what was trained, its log, its report. */
export class TunedFiles extends LitElement {
  static override properties = { tuning: { attribute: false }, state: { attribute: false } };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: var(--space-2);
      }
    `,
  ];
  declare tuning: TuningSession;
  declare state: TuningState;

  override render() {
    const words = tuningWords().files;
    const { files, traced, log, answers, report } = this.state;
    const isAdapter = files.some(({ name }) => name === 'adapter_config.json');
    return html`
      <h3>${words.heading}</h3>
      ${files.length === 0 ? nothing : html`<p class="small">${isAdapter ? words.adapter : words.weights}</p>`}
      <div class="row">
        ${files.map(
          ({ name, data }) =>
            html`<button class="quiet" @click=${() => this.#save({ name, data })}>${words.save(name, data.byteLength)}</button>`,
        )}
        <button class="quiet" @click=${() => download('log.jsonl', logLines(log), 'application/jsonl')}>${words.log}</button>
        <button class="quiet" @click=${() => download('log.csv', toCsv(logTable(log)), 'text/csv')}>${words.logCsv}</button>
        ${traced && (answers || report) ? html`<button class="quiet" @click=${this.#saveTrace}>${words.trace}</button>` : nothing}
        ${answers || report ? html`<button class="quiet" @click=${this.#saveReport}>${words.report}</button>` : nothing}
      </div>
      ${answers ? html`<p class="small muted">${traced ? words.bothEnd : words.reportEnds}</p>` : nothing}
    `;
  }

  #save({ name, data }: TuningState['files'][number]): void {
    download(name, data, 'application/octet-stream');
    const { subject } = this.state;
    if (subject) void this.tuning.unsaved.fileSaved(runId(subject), name);
  }

  async #saveTrace(): Promise<void> {
    await this.tuning.report();
    const { trace } = this.tuning.state.value;
    if (trace) download('trace.json', trace.data, 'application/json');
  }

  async #saveReport(): Promise<void> {
    const report = await this.tuning.report();
    if (report) await saveReport(report, 'json');
  }
}

customElements.define('gp-tuned-files', TunedFiles);
