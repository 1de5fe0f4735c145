import { answerOf, expect, open, test } from './page-test.ts';

/** What keeps the GPU process of a browser busy for ever: SwiftShader has no watchdog. */
const ENDLESS = `@group(0) @binding(0) var<storage, read_write> v: array<atomic<u32>, 4>;
  @compute @workgroup_size(1) fn main() { loop { if (atomicAdd(&v[0], 1u) == 5u && atomicLoad(&v[1]) == 7u) { break; } } }`;

test.use({
  gpuArguments: [
    '--enable-unsafe-webgpu',
    '--use-webgpu-adapter=swiftshader',
    '--disable-domain-blocking-for-3d-apis',
    '--disable-gpu-process-crash-limit',
  ],
});

test('after a hang it asks for one reload and then goes on with the run', async ({ page, browser, server }) => {
  test.setTimeout(120_000);
  await open(page, '/?filter=ops.nn.*&timeout=2500');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText(/^[1-9]\d* of \d+ checks$/)).toBeVisible({ timeout: 30_000 });
  const other = await browser.newPage();
  await other.goto(server.url);
  await other.evaluate(async (code) => {
    const device = await (await navigator.gpu.requestAdapter())?.requestDevice();
    if (!device) throw new Error('no device');
    const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] }),
    );
    pass.dispatchWorkgroups(1);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }, ENDLESS);
  await expect(page.getByText('did not come back in time')).toBeVisible({ timeout: 60_000 });
  await other.close();
  // A graphics chip's watchdog ends the GPU process of a hang; here this stands for it.
  await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(answerOf(page)).toHaveText(/^1 of \d+ checks could not be finished\.$/, { timeout: 60_000 });
  await expect(page.getByText('did not come back in time')).toBeHidden();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});
