import type { EquipmentWords } from '../../report/equipment/words.ts';
import { binaryBytes } from '../../report/equipment/words.ts';
import type { equipmentWords } from './equipment.en.ts';

const newer = 'Grafiktreiber und Browser aktualisieren';
const guaranteed = `jedes WebGPU gewährt so viel: ${newer}`;
const inGerman = (bytes: number) =>
  binaryBytes(bytes).replace('.', ',').replace('bytes', 'Byte').replace(' ', '\u202f');

const parts: EquipmentWords = {
  names: {
    program: 'Programm',
    secure: 'Sichere Adresse',
    webgpu: 'WebGPU',
    adapter: 'Adapter',
    'shader-f16': 'Rechnen mit 16 Bit (shader-f16)',
    subgroups: 'Subgroups',
    'timestamp-query': 'Uhr des Chips (timestamp-query)',
    maxStorageBufferBindingSize: 'Speicher einer Bindung',
    maxBufferSize: 'Speicher eines Puffers',
    maxComputeWorkgroupStorageSize: 'Speicher einer Arbeitsgruppe',
    maxComputeInvocationsPerWorkgroup: 'Aufrufe einer Arbeitsgruppe',
    maxStorageBuffersPerShaderStage: 'Puffer eines Kernels',
    isolation: 'Abschirmung von anderen Seiten (Cross-Origin Isolation)',
    storage: 'Eigenes Dateisystem (OPFS)',
    bridge: 'Brücke zu Python',
  },
  fixes: {
    program: 'ein aktuelles Chrome, Edge, Firefox oder Safari installieren',
    secure: 'dieselbe Seite mit https:// am Anfang oder über http://localhost öffnen',
    webgpu:
      'ein aktuelles Chrome oder Edge benutzen; unter Linux chrome://flags/#enable-unsafe-webgpu auf „Enabled“ setzen und neu starten',
    adapter:
      'die Grafikbeschleunigung in den Einstellungen des Browsers einschalten (unter Linux auch chrome://flags/#enable-unsafe-webgpu) oder den Grafiktreiber aktualisieren',
    fallback:
      'ein Prozessor rechnet: die Grafikbeschleunigung einschalten, unter Linux auch chrome://flags/#enable-vulkan, und unter chrome://gpu nachsehen, was der Browser gegen den Chip hat',
    'shader-f16': `Prüfungen, die es brauchen, werden übersprungen; um es zu haben, ${newer}`,
    subgroups: `langsamere Kernel berechnen dasselbe; um sie zu haben, ${newer}`,
    'timestamp-query': `Zeiten werden von außen genommen; um sie zu haben, ${newer}`,
    maxStorageBufferBindingSize: guaranteed,
    maxBufferSize: guaranteed,
    maxComputeWorkgroupStorageSize: guaranteed,
    maxComputeInvocationsPerWorkgroup: guaranteed,
    maxStorageBuffersPerShaderStage: guaranteed,
    isolation:
      'die Seite ein zweites Mal öffnen; wer sie bereitstellt, kann auch die Kopfzeilen COOP und COEP senden',
    storage:
      'das private Fenster verlassen, der Seite erlauben, Daten zu behalten, und auf der Platte Platz schaffen; ohne das lässt sich kein Lauf fortsetzen',
    bridge: 'npm run bridge:setup -- --minimal richtet sie ein; dann npm start -- --bridge',
  },
  nothing: 'nichts zu tun',
  there: 'vorhanden',
  notThere: 'nicht vorhanden',
  limit: (has, needed, isBytes) => {
    const words = isBytes ? inGerman : String;
    return `${words(has)}, gebraucht werden ${words(needed)}`;
  },
  quota: (bytes) => `höchstens ${inGerman(bytes)}`,
  libraries: (count) => (count === 1 ? '1 Bibliothek' : `${count} Bibliotheken`),
};

export const words: ReturnType<typeof equipmentWords> = {
  title: 'Was hier ist, Stück für Stück',
  caption: 'Wie dieser Browser es sagt, ohne dass etwas gerechnet wurde.',
  what: 'Was',
  here: 'Hier',
  todo: 'Was zu tun ist',
  words: parts,
};
