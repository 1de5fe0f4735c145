import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import type { BridgeQueue } from '../../backends/bridge/client.ts';
import type { BridgeDevice, BridgeDevices } from '../../backends/bridge/devices.ts';
import { deviceWords, librariesOf } from '../../backends/bridge/name.ts';
import { Follow } from '../controls/follow.ts';
import { icon } from '../controls/icons.ts';
import { base, controls, panels } from '../controls/styles.ts';
import { bridgeWords } from './bridge.en.ts';
import type { BridgeSession } from './bridge-session.ts';

/**
 * The libraries behind the bridge: which of them compute the same checks, and what stands in the
 * way. Nothing without a bridge.
 */
export class BridgePicker extends LitElement {
  static override properties = { bridge: { attribute: false } };
  static override styles = [
    base,
    controls,
    panels,
    css`
      fieldset {
        display: grid;
        gap: var(--space-2);
      }
      label {
        display: flex;
        gap: var(--space-3);
        align-items: baseline;
        cursor: pointer;
      }
      input {
        flex: none;
        min-height: 0;
        width: 1.1rem;
        height: 1.1rem;
        accent-color: var(--accent);
        transform: translateY(0.15rem);
      }
      .title {
        display: flex;
        gap: var(--space-2);
        font-weight: 650;
      }
      .title svg {
        flex: none;
        margin-block-start: 0.25em;
      }
      button {
        margin-block-start: var(--space-3);
      }
      .missing {
        list-style: disc;
        padding-inline-start: 1.2em;
        overflow-wrap: anywhere;
      }
    `,
  ];
  declare bridge: BridgeSession;

  constructor() {
    super();
    new Follow(this, () => [this.bridge.state]);
  }

  override render() {
    const state = this.bridge.state.value;
    const words = bridgeWords();
    switch (state.phase) {
      case 'absent':
        return nothing;
      case 'connecting':
        return html`<p class="muted" role="status">${words.asking}</p>`;
      case 'explaining':
        return this.#obstacle('', words.willAsk, html`<p>${words.whyAsk}</p>`, words.connect);
      case 'refused':
        return this.#obstacle('warn', words.refused, html`<p>${words.whyRefused}</p>`, words.again);
      case 'failed':
        return this.#obstacle(
          'warn',
          words.silent,
          html`<p lang="en">${state.problem}</p>`,
          words.again,
        );
      case 'connected':
        return this.#devices(state.devices, state.chosen, state.queue);
    }
  }

  #devices(
    { backends, missing }: BridgeDevices,
    chosen: ReadonlySet<string>,
    { jobs, ahead }: BridgeQueue,
  ) {
    const words = bridgeWords();
    const queue = ahead > 0 ? words.ahead(ahead) : jobs > 1 ? words.queue(jobs) : '';
    return html`<section class="panel" aria-label=${words.python}>
      <fieldset>
        <legend>${words.choose}</legend>
        ${backends.length === 0 ? html`<p>${words.none}</p>` : backends.map((device) => this.#device(device, chosen.has(device.id)))}
      </fieldset>
      <p class="small muted" role="status">${queue}</p>
      ${
        missing.length === 0
          ? nothing
          : html`<details class="small">
              <summary class="muted">${words.missing(missing.length)}</summary>
              <ul class="missing" lang="en">${missing.map(({ name, reason }) => html`<li>${name}: ${reason}</li>`)}</ul>
            </details>`
      }
    </section>`;
  }

  #device({ id, device, libraries, ops }: BridgeDevice, chosen: boolean) {
    const words = bridgeWords();
    const choose = (event: Event) =>
      this.bridge.choose(id, (event.target as HTMLInputElement).checked);
    return html`<label>
      <input type="checkbox" .checked=${chosen} @change=${choose} />
      <span>
        ${words.on(librariesOf({ libraries }), deviceWords(device))}
        <span class="small muted">${words.kinds(ops.length)}</span>
      </span>
    </label>`;
  }

  /** What stands between the page and Python, and the button that tries to pass it. */
  #obstacle(tone: 'warn' | '', title: string, body: TemplateResult, action: string) {
    return html`<section class="tone ${tone}" aria-label=${bridgeWords().python}>
      <p class="title">${tone === '' ? nothing : icon('alert')}<span>${title}</span></p>
      ${body}
      <button @click=${() => this.bridge.connect()}>${action}</button>
    </section>`;
  }
}

customElements.define('gp-bridge-picker', BridgePicker);
