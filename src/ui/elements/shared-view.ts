import { css, html, LitElement, nothing } from 'lit';
import type { DecodedLink } from '../../harness/link/decode.ts';
import { answer } from '../state/answer.ts';
import { factsOfLink, type Shared } from '../state/shared.ts';
import { adapterWords, browserWords, plural } from '../state/words.ts';
import { base, controls, panels } from '../styles.ts';
import './answer.ts';
import './linked-suites.ts';

/** Someone's result, read from a link: what it says, where and when it was made, and how to get one's own. */
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
        max-width: 46rem;
      }
      dl {
        display: grid;
        grid-template-columns: minmax(7rem, auto) 1fr;
        gap: var(--space-2) var(--space-4);
      }
      dt {
        color: var(--muted);
      }
      dd {
        overflow-wrap: anywhere;
      }
      gp-linked-suites {
        margin-block-start: var(--space-6);
      }
    `,
  ];
  declare shared: Shared;

  override render() {
    return html`
      <div class="stack">
        <h1>Someone’s result</h1>
        ${'problem' in this.shared ? html`<p class="tone bad" role="alert">${this.shared.problem}</p>` : this.#result(this.shared.link)}
        <div class="row">
          <button class="primary large" @click=${() => this.dispatchEvent(new CustomEvent('leave'))}>Run it here</button>
        </div>
      </div>
      ${'link' in this.shared ? html`<gp-linked-suites .link=${this.shared.link}></gp-linked-suites>` : nothing}
    `;
  }

  #result(link: DecodedLink) {
    const { environments, time, tool, deviations, planProblem } = link;
    return html`
      <p>This was measured on another computer, or at another time. The link is all there is to it: nobody vouches for it.</p>
      <gp-answer .answer=${answer(factsOfLink(link))}></gp-answer>
      ${
        deviations.length > 0
          ? html`<section class="tone warn" aria-label="Not the standard settings">
              <p>Not the standard settings: ${deviations.join('; ')}.</p>
            </section>`
          : nothing
      }
      <dl>
        ${environments.map(
          ({ adapter, os, runtime, runtimeVersion, cores }) => html`<dt>Computer</dt>
            <dd>${adapterWords(adapter, os)}, ${browserWords(runtime, runtimeVersion)}, ${os}, ${plural(cores, 'core')}</dd>`,
        )}
        <dt>When</dt>
        <dd><time datetime=${time.startedAt.toISOString()}>${time.startedAt.toLocaleString('en', { dateStyle: 'long', timeStyle: 'short' })}</time></dd>
        <dt>Made with</dt>
        <dd>Gradproof ${tool.version} (${tool.commit})</dd>
      </dl>
      ${planProblem ? html`<p class="muted">${planProblem.message}</p>` : nothing}
    `;
  }
}

customElements.define('gp-shared-view', SharedView);
