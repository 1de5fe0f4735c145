import { css, html, LitElement, nothing } from 'lit';
import type { LlamaForecast } from '../../train/llama/forecast-llama.ts';
import { base, facts } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { tuningWords } from './tuning.en.ts';

/** The memory that a run will take, in parts, beside what the adapter binds at once. */
export class TuningForecast extends LitElement {
  static override properties = {
    forecast: { attribute: false },
    limit: { attribute: false },
    meanwhile: {},
  };
  static override styles = [
    base,
    facts,
    css`
      :host {
        display: block;
        /* Room for what is reckoned, so that nothing below it moves. */
        min-block-size: 3.5lh;
      }
      dl {
        margin-block: var(--space-2);
      }
    `,
  ];
  declare forecast: LlamaForecast | undefined;
  /** Bytes that this adapter binds at once; undefined where it is not known. */
  declare limit: number | undefined;
  /** What is said before there is a forecast. */
  declare meanwhile: string;

  override render() {
    const words = tuningWords().forecast;
    const { forecast, limit } = this;
    if (!forecast) return html`<p class="muted">${this.meanwhile}</p>`;
    const { bytes } = unitsWords();
    const { name, bytes: size } = forecast.largest;
    return html`
      <p>${words.total(forecast.total)}</p>
      <details>
        <summary>${words.parts}</summary>
        <dl>
          <dt>${words.frozen}</dt><dd>${bytes(forecast.frozen)}</dd>
          <dt>${words.trained}</dt><dd>${bytes(forecast.trained)}</dd>
          <dt>${words.step}</dt><dd>${bytes(forecast.step)}</dd>
        </dl>
        <p class="small">${words.largest(name, size)} ${limit === undefined ? nothing : words.limit(limit)}</p>
      </details>
    `;
  }
}

customElements.define('gp-tuning-forecast', TuningForecast);
