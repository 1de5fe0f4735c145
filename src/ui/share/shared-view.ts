import { css, html, LitElement, nothing } from 'lit';
import type { DecodedLink } from '../../report/link/decode.ts';
import { isStandard } from '../../report/settings.ts';
import type { LinkedSuites } from '../cases/linked-suites.ts';
import '../cases/linked-suites.ts';
import { answer } from '../check/answer.ts';
import { Remembered } from '../controls/remembered.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { squaresOfLink } from '../mosaic/squares.ts';
import { sharedWords } from './shared.en.ts';
import { factsOfLink, type Shared } from './shared.ts';
import '../check/answer-element.ts';
import '../speed/arithmetic.ts';
import '../mosaic/mosaic-element.ts';
import '../reports/provenance.ts';
import '../reports/settings-note.ts';

/**
 * Someone's result, read from a link: what it says, where and when it was made, and how to get
 * one's own.
 */
export class SharedView extends LitElement {
  static override properties = { shared: { attribute: false } };
  static override styles = [
    base,
    controls,
    panels,
    css`
      .stack {
        display: grid;
        gap: var(--space-5);
        max-width: var(--column);
      }
      gp-mosaic,
      gp-linked-suites {
        margin-block-start: var(--space-6);
      }
    `,
  ];
  declare shared: Shared;
  readonly #squares = new Remembered(squaresOfLink);

  override render() {
    const { title, runHere, compare } = sharedWords();
    return html`
      <div class="stack">
        <h1>${title}</h1>
        ${'problem' in this.shared ? html`<p class="tone bad" role="alert" lang="en">${this.shared.problem}</p>` : this.#result(this.shared.link)}
        <div class="row">
          <button class="primary large" @click=${() => this.dispatchEvent(new CustomEvent('leave'))}>${runHere}</button>
          ${'link' in this.shared ? html`<button @click=${() => this.dispatchEvent(new CustomEvent('compare'))}>${compare}</button>` : nothing}
        </div>
      </div>
      ${'link' in this.shared ? this.#checks(this.shared.link) : nothing}
    `;
  }

  #checks(link: DecodedLink) {
    const squares = this.#squares.of(link.cases);
    const nameOf = (key: string) => link.cases[Number(key)]?.id;
    const open = ({ detail: key }: CustomEvent<string>) =>
      this.renderRoot.querySelector<LinkedSuites>('gp-linked-suites')?.show(Number(key));
    return html`${squares.length > 0 ? html`<gp-mosaic .squares=${squares} .nameOf=${nameOf} ?closed=${link.planProblem !== undefined} @open=${open}></gp-mosaic>` : nothing}
      <gp-linked-suites .link=${link}></gp-linked-suites>`;
  }

  #result(link: DecodedLink) {
    const { environments, time, tool, settings, device, planProblem } = link;
    return html`
      <p>${sharedWords().vouch}</p>
      <gp-answer ?tinted=${!isStandard(settings)} .answer=${answer(factsOfLink(link))}><gp-settings-note .settings=${settings}></gp-settings-note></gp-answer>
      <gp-provenance .environments=${environments} .startedAt=${time.startedAt} .tool=${tool} .device=${device}></gp-provenance>
      ${environments.map(({ probe }) => html`<gp-arithmetic .probe=${probe}></gp-arithmetic>`)}
      ${planProblem ? html`<p class="muted" lang="en">${planProblem.message}</p>` : nothing}
    `;
  }
}

customElements.define('gp-shared-view', SharedView);
