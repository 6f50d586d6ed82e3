import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import * as browserEntry from '../../../src/browser';
import * as nodeEntry from '../../../src/index';

const root = fileURLToPath(new URL('../../..', import.meta.url));

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    external: ['cross-fetch', 'isomorphic-ws'],
  });
  return outputFiles[0]?.text ?? '';
}

describe.each([
  ['Node', nodeEntry],
  ['browsers', browserEntry],
])('the WebSocket-only class for %s', (_, { Webifi, WebSocketWebifi }) => {
  it('has WebSocket and keeps it', () => {
    const device = new WebSocketWebifi({ server: 'http://127.0.0.1:9324', name: 'me' });
    expect([device.getUseWebSocket(), device.name, device.state]).toEqual([true, 'me', 'idle']);
    expect(device.setUseWebSocket(true)).toBe(0);
    expect(() => device.setUseWebSocket(false)).toThrow(/long polling is in the class Webifi/);
    expect(device.getUseWebSocket()).toBe(true);
  });

  it('refuses long polling from the start, which the whole class has', () => {
    const options = { server: 'http://127.0.0.1:9324', useWebSocket: false };
    expect(() => new WebSocketWebifi(options)).toThrow(TypeError);
    expect(new Webifi(options).getUseWebSocket()).toBe(false);
  });
});

describe('bundles', () => {
  it('long polling is left out of what imports the WebSocket-only class', async () => {
    const whole = await bundle(`export { Webifi } from './src/browser';`);
    const part = await bundle(`export { WebSocketWebifi } from './src/browser';`);
    expect(whole).toContain('/CancelDownload');
    expect(part).not.toMatch(/CancelDownload|\/Upload/);
    expect(part).toContain('/api/WebSocket');
  });
});
