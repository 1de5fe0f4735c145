import type { preflightWords } from './preflight.en.ts';

export const words: ReturnType<typeof preflightWords> = {
  looking: 'Dieser Rechner wird angesehen …',
  found: 'Gefunden:',
  withoutChip: (browser) => `${browser}, ohne nutzbaren Grafikchip.`,
  through: (chip, graphics) => `${chip} über ${graphics}`,
  processor: 'Software-Rendering, keine GPU im Einsatz',
  unnamed: 'ein namenloser Grafikchip',
  worthKnowing: (count) =>
    `${count === 1 ? 'Eine Sache' : `${count} Dinge`}, die man über diesen Rechner wissen sollte`,
  insecure: {
    title: 'Diese Adresse ist für den Grafikchip nicht sicher genug.',
    detail:
      'Browser geben WebGPU nur Seiten, die über https oder von diesem Rechner selbst kommen.',
  },
  noWebGpu: {
    title: (browser) => `${browser} hat kein WebGPU, oder es ist abgeschaltet.`,
    detail:
      'Mit WebGPU rechnet eine Seite auf dem Grafikchip. Ohne WebGPU lässt sich nichts prüfen.',
  },
  noAdapter: {
    title: (browser) => `${browser} hat WebGPU, darf aber keinen Grafikchip benutzen.`,
    detail:
      'Meist ist die Hardwarebeschleunigung abgeschaltet, oder der Grafiktreiber ist zu alt und steht auf der Sperrliste des Browsers.',
  },
  fallback: {
    title: 'Der Grafikchip ist nicht im Einsatz.',
    detail:
      'Der Browser rechnet stattdessen auf dem Prozessor. Die Ergebnisse können richtig sein, kommen aber um ein Vielfaches langsamer.',
  },
  limits: {
    title: 'Höchstens 128\u202fMiB Speicher an einem Stück.',
    detail:
      'Alle Prüfungen laufen, aber die Gewichte größerer Modelle passen hier nicht in ein einziges Speicherstück.',
  },
  f16: {
    title: 'Dieser Chip rechnet nicht mit 16 Bit.',
    detail:
      'Alles geht auch so: Zahlen werden in 16 Bit gespeichert und in 32 gerechnet. Prüfungen, die es brauchen, werden übersprungen.',
  },
  clock: {
    title: 'Die Uhren dieser Seite gehen grob.',
    detail:
      'Ihr Server schirmt sie nicht von anderen Seiten ab, darum runden Browser Zeiten auf 0,1\u202fms. Jede Prüfung läuft; die Zeiten sehr kurzer sind weniger genau.',
  },
  actions: {
    isolates:
      'Öffne die Seite ein zweites Mal: Der Browser hat sie dann behalten und schirmt sie selbst ab. Wer sie bereitstellt, kann die Kopfzeilen COOP und COEP senden.',
    https: 'Dieselbe Seite mit https:// am Anfang oder über http://localhost öffnen.',
    updateBrowser: 'Den Browser aktualisieren und neu starten.',
    updateChrome: (scheme) =>
      `${scheme}://settings/help öffnen, die Aktualisierung abwarten und den Browser neu starten.`,
    updateFirefox:
      'Firefox aktualisieren: WebGPU hat er unter Windows ab Version 141, auf Macs mit Apple-Chip ab 145.',
    firefoxSwitch:
      'In Firefox about:config öffnen, dom.webgpu.enabled auf true setzen und Firefox neu starten.',
    updateApple:
      'Das System aktualisieren: Safari hat WebGPU ab Version 26 unter macOS, iOS und iPadOS, und mit ihm jeder Browser auf iPhone und iPad.',
    updateAndroid: 'Chrome ab Version 121 unter Android ab Version 12 benutzen.',
    otherBrowser: 'Oder diese Seite in einem aktuellen Chrome oder Edge öffnen.',
    unsafeFlag: (scheme) =>
      `Unter Linux ${scheme}://flags/#enable-unsafe-webgpu öffnen, „Enabled“ wählen und den Browser neu starten.`,
    acceleration: (scheme) =>
      `${scheme}://settings/system öffnen, „Grafikbeschleunigung verwenden, falls verfügbar“ einschalten und den Browser neu starten.`,
    vulkanFlag: (scheme) =>
      `Unter Linux außerdem ${scheme}://flags/#enable-vulkan öffnen und „Enabled“ wählen.`,
    vulkanDriver:
      'Den Vulkan-Treiber des Chips installieren: für AMD und Intel das Paket mesa-vulkan-drivers, für NVIDIA den Treiber des Herstellers.',
    gpuPage: (scheme) =>
      `Wenn es daran nicht liegt: ${scheme}://gpu zählt unter „Problems Detected“ auf, was der Browser gegen den Chip hat.`,
    firefoxAcceleration:
      'about:preferences öffnen, nach „Hardwarebeschleunigung“ suchen, sie einschalten und Firefox neu starten.',
    firefoxSupport:
      'Wenn es daran nicht liegt: about:support sagt unter „Grafik“, warum Firefox den Chip nicht benutzt.',
    safariRestart:
      'Den Browser neu starten; Safari benutzt den Grafikchip, wo immer das System einen hat.',
    windowsPreference:
      'Auf einem Laptop mit zwei Chips: Einstellungen, System, Anzeige, Grafik; diesen Browser hinzufügen und „Hohe Leistung“ wählen.',
    windowsDriver:
      'Den Grafiktreiber aktualisieren: Einstellungen, Windows Update, Erweiterte Optionen, Optionale Updates; oder beim Hersteller des Chips.',
    updateSystem: 'Das System aktualisieren: Der Grafiktreiber kommt mit ihm.',
    updateDriver: 'Den Grafiktreiber aktualisieren und den Browser neu starten.',
    lockdown:
      'Im Blockierungsmodus verbirgt Safari WebGPU: diese Seite darin erlauben oder ihn abschalten.',
    remote:
      'In einer virtuellen Maschine oder über eine Fernverbindung gibt es oft keinen Chip: diese Seite am Rechner selbst öffnen.',
    raisesLimit: 'Ein neuerer Browser oder Grafiktreiber hebt diese Grenze oft an.',
    bringsF16:
      'Ein neuerer Browser oder Grafiktreiber bringt es vielleicht mit; ältere Chips kommen ohne aus.',
  },
};
