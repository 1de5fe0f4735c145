import { html, LitElement, nothing } from 'lit';
import {
  type BridgeEquipment,
  bridgeItems,
  equipmentItems,
  librariesOf,
} from '../../report/equipment.ts';
import { factTable, factTableStyles } from '../controls/fact-table.ts';
import { Follow } from '../controls/follow.ts';
import { base } from '../controls/styles.ts';
import type { BridgeSession } from '../libraries/bridge-session.ts';
import { equipmentWords } from './equipment.en.ts';
import { gatherEquipment } from './gather-equipment.ts';

/** All that is here, asked for when it is unfolded: each thing with one line of what to do. */
export class EquipmentElement extends LitElement {
  static override properties = {
    bridge: { attribute: false },
    equipment: { state: true },
  };
  static override styles = [base, factTableStyles];
  declare bridge: BridgeSession;
  declare equipment: Awaited<ReturnType<typeof gatherEquipment>> | undefined;

  constructor() {
    super();
    new Follow(this, () => [this.bridge.state]);
  }

  override render() {
    const { title, caption, what, here, todo, words } = equipmentWords();
    const items = this.equipment
      ? [...equipmentItems(this.equipment, words), ...bridgeItems(this.#libraries(), words)]
      : [];
    const rows = items.map(({ name, found, fix }) => [name, found, fix] as const);
    return html`<details @toggle=${this.#gather}>
      <summary>${title}</summary>
      ${items.length > 0 ? factTable({ caption, heads: [what, here, todo], rows }) : nothing}
    </details>`;
  }

  #libraries(): BridgeEquipment {
    const state = this.bridge.state.value;
    if (state.phase === 'failed') return { problem: state.problem };
    if (state.phase !== 'connected') return { problem: undefined };
    return librariesOf(state.devices.backends);
  }

  async #gather(event: ToggleEvent): Promise<void> {
    if (event.newState === 'open') this.equipment = await gatherEquipment();
  }
}

customElements.define('gp-equipment', EquipmentElement);
