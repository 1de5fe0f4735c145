import { covers } from '../../src/catalog/covers.ts';
import { KillableBrowser } from './killable-browser.ts';
import { begin, learnt, trained } from './learnt-run.ts';
import { answerOf, expect } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { QUICK } from './tune-page.ts';

/** Its checkpoints take some hundred kilobytes. */
const SETTINGS = { ...QUICK, eval_steps: 2, type: 'lora', lora: { r: 16, lora_alpha: 16 } };

test(
  'a run whose checkpoints do not fit goes on without them, and says what is free',
  covers('tb.recovery.disk-space-exhaustion/quota-warning').control('it says nothing of it', {
    file: 'src/train/llama/run-keeping.ts',
    from: 'return isNews ? [{',
    to: 'return isNews && step < 0 ? [{',
  }),
  async ({ folder, server }) => {
    // A private window writes past its quota.
    await using browser = await KillableBrowser.start(folder);
    const page = await browser.newPage();
    await begin(page, SETTINGS, server.url);
    await expect(page.getByRole('progressbar')).toBeVisible();
    // A quota is lifted where its page goes elsewhere.
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    const { usage } = await session.send('Storage.getUsageAndQuota', { origin });
    const quotaSize = usage + 2 ** 17;
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
    const { steps, adapter } = await learnt(page);
    expect(trained({ steps, adapter })).toHaveLength(QUICK.max_steps);
    await expect(answerOf(page)).toHaveText('It learnt, on a processor.');
    const told = page.getByText(/^What happened/);
    await expect(told).toBeVisible();
    await told.click();
    const lines = page.getByRole('list', { name: /^What happened/ }).getByRole('listitem');
    await expect(lines).toHaveText([
      /No checkpoint after \d steps: ?step-\d+\.safetensors \(\d+ bytes\) does not fit, and about \d+ bytes are free: the disk, or/,
    ]);
  },
);
