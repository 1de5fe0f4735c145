import { words } from '../messages/words.ts';
/** What was found before anything ran, what stands in the way, and what to do about it. */
export const preflightWords = words('preflight', {
  looking: 'Looking at this computer…',
  found: 'Found:',
  withoutChip: (browser: string) => `${browser}, without a usable graphics chip.`,
  through: (chip: string, graphics: string) => `${chip} through ${graphics}`,
  processor: 'software rendering, no GPU in use',
  unnamed: 'an unnamed graphics chip',
  worthKnowing: (count: number) =>
    `${count === 1 ? 'One thing' : `${count} things`} worth knowing about this computer`,
  insecure: {
    title: 'This address is not secure enough for the graphics chip.',
    detail:
      'Browsers offer WebGPU only to pages that came over https or from this computer itself.',
  },
  noWebGpu: {
    title: (browser: string) => `${browser} has no WebGPU, or it is switched off.`,
    detail:
      'WebGPU is how a page computes on the graphics chip. Nothing can be checked without it.',
  },
  noAdapter: {
    title: (browser: string) => `${browser} has WebGPU, but no graphics chip that it may use.`,
    detail:
      'Usually hardware acceleration is switched off, or the graphics driver is too old and on the browser’s block list.',
  },
  fallback: {
    title: 'Your graphics chip is not in use.',
    detail:
      'The browser computes on the processor instead. Results can be right, but will be many times slower.',
  },
  limits: {
    title: 'No more than 128 MiB of memory in one piece.',
    detail:
      'All checks run, but weights of larger models will not fit into one piece of memory here.',
  },
  f16: {
    title: 'No 16-bit arithmetic on this chip.',
    detail:
      'Everything works without it: numbers are stored in 16 bits and computed in 32. Checks that need it are skipped.',
  },
  clock: {
    title: 'This page’s clocks are coarse.',
    detail:
      'Its host does not isolate it from other pages, so browsers round times to 0.1 ms. Every check runs; times of very short ones are less exact.',
  },
  actions: {
    isolates:
      'Open the page a second time: the browser then keeps it and isolates it itself. Its host can also send the headers COOP and COEP.',
    https: 'Open the same page with https:// in front, or through http://localhost.',
    updateBrowser: 'Update the browser, and restart it.',
    updateChrome: (scheme: string) =>
      `Open ${scheme}://settings/help, let it update, and restart the browser.`,
    updateFirefox:
      'Update Firefox: it has WebGPU on Windows from version 141 on, and on Macs with an Apple chip from 145 on.',
    firefoxSwitch: 'In Firefox open about:config, set dom.webgpu.enabled to true, and restart it.',
    updateApple:
      'Update the system: Safari has WebGPU from version 26 on macOS, iOS and iPadOS, and every browser of an iPhone or iPad with it.',
    updateAndroid: 'Use Chrome 121 or newer on Android 12 or newer.',
    otherBrowser: 'Or open this page in a current Chrome or Edge.',
    unsafeFlag: (scheme: string) =>
      `On Linux open ${scheme}://flags/#enable-unsafe-webgpu, choose Enabled, and restart the browser.`,
    acceleration: (scheme: string) =>
      `Open ${scheme}://settings/system, switch on “Use graphics acceleration when available”, and restart the browser.`,
    vulkanFlag: (scheme: string) =>
      `On Linux also open ${scheme}://flags/#enable-vulkan and choose Enabled.`,
    vulkanDriver:
      'Install the chip’s Vulkan driver: the package mesa-vulkan-drivers for AMD and Intel, the maker’s own driver for NVIDIA.',
    gpuPage: (scheme: string) =>
      `If that is not it, ${scheme}://gpu lists under “Problems Detected” what the browser holds against the chip.`,
    firefoxAcceleration:
      'Open about:preferences, search “hardware acceleration”, switch it on, and restart Firefox.',
    firefoxSupport:
      'If that is not it, about:support tells under “Graphics” why Firefox does not use the chip.',
    safariRestart:
      'Restart the browser; Safari uses the graphics chip wherever the system has one.',
    windowsPreference:
      'On a laptop with two chips: Settings, System, Display, Graphics; add this browser and choose “High performance”.',
    windowsDriver:
      'Update the graphics driver: Settings, Windows Update, Advanced options, Optional updates; or from the chip’s maker.',
    updateSystem: 'Update the system: the graphics driver comes with it.',
    updateDriver: 'Update the graphics driver, and restart the browser.',
    lockdown:
      'If Lockdown Mode is on, Safari hides WebGPU: allow this page in it, or switch it off.',
    remote:
      'In a virtual machine or over remote desktop there is often no chip to be used: open this page on the computer itself.',
    raisesLimit: 'A newer browser or graphics driver often raises this limit.',
    bringsF16: 'A newer browser or graphics driver may bring it; older chips do without.',
  },
});
