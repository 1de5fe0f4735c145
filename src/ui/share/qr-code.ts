import { css, html, LitElement, nothing, svg } from 'lit';
import { encode } from 'uqr';
import { base } from '../controls/styles.ts';
import { shareWords } from './share.en.ts';

/**
 * Version 28 of 40: with 129 modules a side the most that phones read off a screen without help.
 */
const MOST_CHARACTERS = 1_500;
/** Light modules that readers want around a code. */
const QUIET = 4;

/** A link as a QR code; or, where it is too long for cameras, why there is none. */
export class QrCode extends LitElement {
  static override properties = { text: {} };
  static override styles = [
    base,
    css`
      svg {
        display: block;
        width: min(100%, 26rem);
        height: auto;
        margin-inline: auto;
        background: #fff;
        forced-color-adjust: none;
      }
      path {
        stroke: #000;
      }
    `,
  ];
  declare text: string | undefined;

  override render() {
    if (!this.text) return nothing;
    const { qrTooLong, qrLabel } = shareWords();
    if (this.text.length > MOST_CHARACTERS)
      return html`<p>${qrTooLong(this.text.length, MOST_CHARACTERS)}</p>`;
    const { data, size } = encode(this.text, { ecc: 'L', border: QUIET });
    return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label=${qrLabel} shape-rendering="crispEdges">
      ${svg`<path d=${rows(data)} />`}
    </svg>`;
  }
}

/** Each run of dark modules as a line, one module thick. */
function rows(data: readonly (readonly boolean[])[]): string {
  return data
    .flatMap((row, y) =>
      [
        ...row
          .map((dark) => (dark ? '1' : '0'))
          .join('')
          .matchAll(/1+/g),
      ].map((run) => `M${run.index} ${y}.5h${run[0].length}`),
    )
    .join('');
}

customElements.define('gp-qr-code', QrCode);
