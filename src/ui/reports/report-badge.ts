import { css, html, LitElement, nothing } from 'lit';
import { badgeMarkdown, badgeWords, toBadge } from '../../report/badge.ts';
import { toMarkdown } from '../../report/markdown.ts';
import type { Report } from '../../report/schema.ts';
import { download } from '../controls/download.ts';
import { base, controls } from '../controls/styles.ts';
import { shareWords } from '../share/share.en.ts';
import '../controls/copy-button.ts';

const FILE = 'gradproof.svg';

/**
 * A report as a badge for a README, with the Markdown that shows it, and as a summary for an issue.
 */
export class ReportBadge extends LitElement {
  static override properties = { report: { attribute: false }, device: {}, link: {} };
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: var(--space-3);
      }
      .badge {
        overflow-x: auto;
      }
      img {
        display: block;
      }
      textarea {
        font: inherit;
        font-family: var(--mono);
        font-size: var(--text-s);
        color: inherit;
        width: 100%;
        min-height: 5rem;
        padding: var(--space-2) var(--space-3);
        border: 1px solid var(--control-line);
        border-radius: var(--radius-s);
        background: var(--surface);
        resize: vertical;
      }
      .row {
        gap: var(--space-2);
      }
    `,
  ];
  declare report: Report;
  declare device: string;
  declare link: string | undefined;

  override render() {
    const share = shareWords();
    const sharing = this.device ? { device: this.device } : {};
    const badge = toBadge(this.report, sharing);
    const line = this.link ? badgeMarkdown(this.report, FILE, this.link, sharing) : '';
    return html`
      <p class="small muted">${share.badgeHint}</p>
      <div class="badge" tabindex="0" lang="en">
        <img src="data:image/svg+xml,${encodeURIComponent(badge)}" alt="Gradproof: ${badgeWords(this.report, sharing)}" />
      </div>
      ${line ? html`<textarea readonly aria-label=${share.badgeLine} .value=${line} spellcheck="false"></textarea>` : nothing}
      <div class="row">
        <button class="quiet" @click=${() => download(FILE, badge, 'image/svg+xml')}>${share.saveBadge}</button>
        ${line ? html`<gp-copy-button .words=${share.copyLine} .text=${line}></gp-copy-button>` : nothing}
        ${
          this.link
            ? html`<gp-copy-button .words=${share.copySummary} .text=${toMarkdown(this.report, { ...sharing, link: this.link })}></gp-copy-button>`
            : nothing
        }
      </div>
    `;
  }
}

customElements.define('gp-report-badge', ReportBadge);
