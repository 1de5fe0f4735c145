import { html, LitElement, nothing } from 'lit';
import { browserWords } from '../../report/place.ts';
import type { Environment, Report } from '../../report/schema.ts';
import { adapterWords } from '../check/words.ts';
import { base, facts } from '../controls/styles.ts';
import { unitsWords } from '../messages/units.en.ts';
import { sharedWords } from '../share/shared.en.ts';

/** Where and when a result was made, and with what. */
export class ProvenanceElement extends LitElement {
  static override properties = {
    environments: { attribute: false },
    startedAt: { attribute: false },
    tool: { attribute: false },
    device: {},
  };
  static override styles = [base, facts];
  declare environments: readonly Pick<
    Environment,
    'adapter' | 'os' | 'runtime' | 'runtimeVersion' | 'cores'
  >[];
  declare startedAt: Date;
  declare tool: Pick<Report['tool'], 'version' | 'commit'>;
  /** What a person calls the computer. */
  declare device: string | undefined;

  override render() {
    const words = sharedWords();
    const units = unitsWords();
    return html`<dl>
      ${this.device ? html`<dt>${words.called}</dt><dd>${this.device}</dd>` : nothing}
      ${this.environments.map(
        ({ adapter, os, runtime, runtimeVersion, cores }) => html`<dt>${words.computer}</dt>
          <dd>${adapterWords(adapter, os)}, ${browserWords(runtime, runtimeVersion)}, ${os}, ${words.cores(cores)}</dd>`,
      )}
      <dt>${words.when}</dt>
      <dd><time datetime=${this.startedAt.toISOString()}>${units.moment(this.startedAt)}</time></dd>
      <dt>${words.madeWith}</dt>
      <dd>Gradproof ${this.tool.version} (${this.tool.commit})</dd>
    </dl>`;
  }
}

customElements.define('gp-provenance', ProvenanceElement);
