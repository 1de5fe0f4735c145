import type { Page } from '@playwright/test';
import { bridgeFragment, bridgeOrigin } from '../../src/backends/bridge/address.ts';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { noBridge, startBridge } from '../bridge.ts';
import { type Damage, damagingProxy } from '../bridge-proxy.ts';
import { EXACT, openSuiteOf, test } from './bridge-test.ts';
import { answerOf, detailOf, expect, rowOf, runToEnd } from './page-test.ts';

test.skip(noBridge !== undefined, noBridge ?? '');

test('two pages use one bridge, and each sees how many questions come before its own', async ({
  page,
  context,
  server,
  bridge,
}) => {
  server.allow(bridge.origin);
  const pages = [page, await context.newPage()];
  const picker = (of: Page) => of.getByRole('region', { name: 'Python on this computer' });
  for (const one of pages) {
    await one.goto(`${EXACT}${bridgeFragment(bridge.address)}`);
    await expect(picker(one).getByRole('checkbox').first()).toBeChecked();
  }
  const goOn = bridge.hold();
  for (const one of pages) await one.getByRole('button', { name: 'Run', exact: true }).click();
  await expect
    .poll(async () =>
      (await Promise.all(pages.map((one) => picker(one).getByRole('status').textContent()))).join(
        '\n',
      ),
    )
    .toMatch(/^\d+ questions? before yours/m);
  goOn();
  for (const one of pages) {
    await expect(one.getByRole('button', { name: 'Run again' })).toBeVisible();
    await expect(one.getByRole('list', { name: 'Libraries' })).toContainText(
      /(\d+) of \1 agree, live on CPU/,
    );
    await expect(picker(one).getByRole('status')).toHaveText('');
  }
});

test.describe('what the browser logs as errors', () => {
  test.use({ mayLogErrors: true });

  test('a token of an earlier start is told apart, and trying again is offered', async ({
    page,
    server,
    bridge,
  }) => {
    server.allow(bridge.origin);
    await page.goto(`${EXACT}${bridgeFragment({ ...bridge.address, token: 'x'.repeat(43) })}`);
    const picker = page.getByRole('region', { name: 'Python on this computer' });
    await expect(picker).toContainText('the token is missing or wrong');
    await expect(picker.getByRole('button', { name: 'Try again' })).toBeVisible();
    await runToEnd(page);
    await expect(answerOf(page)).toContainText('are right');
  });

  test('a bridge that was started for another page refuses this one', async ({ page, server }) => {
    await using bridge = await startBridge('http://localhost:1/');
    server.allow(bridge.origin);
    await page.goto(`${EXACT}${bridgeFragment(bridge.address)}`);
    await expect(page.getByRole('region', { name: 'Python on this computer' })).toContainText(
      'no bridge answers this page',
    );
  });

  test('an invalid answer fails its own check alone, with the reason', async ({
    page,
    server,
    bridge,
  }) => {
    const tensors = { 'out.y': hostTensorFrom('f32', [3], [1, 2, 3]) };
    const lie = writeSafetensors(tensors, { op: 'matmul', producer: 'liar 1.0', device: 'cpu' });
    const damages: readonly (readonly [says: RegExp, damage: Damage])[] = [
      [
        /the bridge closed the connection after \d+ (of \d+ )?bytes/,
        (answer, response, headers) =>
          void response
            .writeHead(200, headers)
            .write(answer.subarray(0, 20), () => response.destroy()),
      ],
      [
        /out\.y has shape \[3\]/,
        (_, response, { 'content-length': __, ...headers }) =>
          void response.writeHead(200, headers).end(lie),
      ],
      [
        /is not what was asked: .*safetensors/,
        (answer, response, headers) =>
          void response.writeHead(200, headers).end(answer.map(() => 0xff)),
      ],
    ];
    await using proxy = await damagingProxy(
      bridge.address,
      damages.map(([, damage]) => damage),
    );
    server.allow(bridgeOrigin(proxy.address));
    await page.goto(`${EXACT}${bridgeFragment(proxy.address)}`);
    const devices = page.getByRole('region', { name: 'Python on this computer' }).locator('label');
    await expect(devices.first().getByRole('checkbox')).toBeChecked();
    for (const other of await devices.filter({ hasNotText: /^\s*numpy/ }).all())
      await other.getByRole('checkbox').uncheck();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
    await expect(page.getByRole('list', { name: 'Libraries' })).toContainText(
      /\d+ of \d+ agree, live on CPU; 3 could not be confirmed/,
    );
    await expect(rowOf(page, /^ops\.matmul\.matmul, \d+ right$/), 'ours are right').toBeVisible();
    await openSuiteOf(page, 'bridge-numpy-cpu');
    const bad = page.getByRole('treeitem', { name: /^exact.*, (wrong|error|timed out|lost)$/ });
    await expect(bad).toHaveCount(damages.length);
    const told = new Set<RegExp>();
    await expect(async () => {
      for (const one of await bad.all()) {
        await one.click();
        for (const [says] of damages)
          if ((await detailOf(page).getByText(says).count()) > 0) told.add(says);
      }
      expect([...told]).toHaveLength(damages.length);
    }).toPass();
  });

  test('a bridge that ends fails its own checks, with the reason, and ours go on', async ({
    page,
    server,
  }) => {
    const bridge = await startBridge(server.url);
    server.allow(bridge.origin);
    await page.goto(`${EXACT}${bridgeFragment(bridge.address)}`);
    await expect(page.getByRole('checkbox', { name: /^numpy/ })).toBeChecked();
    await bridge[Symbol.asyncDispose]();
    await runToEnd(page);
    await expect(page.getByRole('list', { name: 'Libraries' })).toContainText(
      /0 of (\d+) agree, live on CPU; \1 could not be confirmed/,
    );
    await openSuiteOf(page, 'bridge-numpy-cpu');
    await page.getByRole('treeitem', { name: 'exact;a=1x1;b=1x1, error' }).click();
    await expect(page.getByText('no bridge answers this page at').first()).toBeVisible();
    await expect(rowOf(page, /^ops\.matmul\.matmul, \d+ right$/), 'ours are right').toBeVisible();
  });
});

for (const [allowed, says] of [
  [false, 'The browser does not let this page reach Python on this computer.'],
  [true, 'Let libraries on this computer compute the same'],
] as const) {
  test(`a page from the public web that ${allowed ? 'may' : 'may not'} reach this device ${allowed ? 'does' : 'says what to do'}`, async ({
    playwright,
    launchOptions,
    server,
    bridge,
  }) => {
    server.allow(bridge.origin);
    // Chromium is told that the page's server is one of the public web: what it asks of loopback
    // needs the permission then.
    const overrides = `--ip-address-space-overrides=127.0.0.1:${new URL(server.url).port}=public`;
    const browser = await playwright.chromium.launch({
      ...launchOptions,
      args: [...(launchOptions.args ?? []), overrides],
    });
    try {
      const context = await browser.newContext({
        permissions: allowed ? ['local-network-access'] : [],
      });
      const page = await context.newPage();
      await page.goto(`${new URL(EXACT, server.url).href}${bridgeFragment(bridge.address)}`);
      await expect(page.getByRole('region', { name: 'Python on this computer' })).toContainText(
        says,
      );
      if (!allowed) return;
      // Workers ask under the permission of their page.
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await expect(page.getByRole('list', { name: 'Libraries' })).toContainText(
        /(\d+) of \1 agree, live on CPU/,
      );
    } finally {
      await browser.close();
    }
  });
}
