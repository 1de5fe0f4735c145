import { css, html, LitElement } from 'lit';
import { isStandard, type Settings } from '../../report/settings.ts';
import { base } from '../controls/styles.ts';
import { shareWords } from '../share/share.en.ts';

/**
 * What was not the standard about a run, in one line with a pattern of its own beside it; nothing
 * where all was.
 */
export class SettingsNote extends LitElement {
  static override properties = { settings: { attribute: false } };
  static override styles = [
    base,
    css`
      p {
        display: grid;
        grid-template-columns: 0.75rem 1fr;
        gap: var(--space-3);
        padding-block: var(--space-2);
        font-size: var(--text-s);
        overflow-wrap: anywhere;
      }
      p::before {
        content: '';
        border-radius: 2px;
        background: repeating-linear-gradient(135deg, var(--warn) 0 3px, transparent 3px 6px);
        forced-color-adjust: none;
        print-color-adjust: exact;
      }
    `,
  ];
  declare settings: Settings;

  override willUpdate(): void {
    this.hidden = isStandard(this.settings);
  }

  override render() {
    const { notStandard, deviations } = shareWords();
    return html`<p><span>${notStandard}: ${deviations(this.settings).join('; ')}.</span></p>`;
  }
}

customElements.define('gp-settings-note', SettingsNote);
