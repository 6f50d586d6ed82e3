import { FrameSocket, FrameSocketError, type ConnectOptions, type FrameSocketCapabilities } from 'webifi/frames';

const options: ConnectOptions = { protocols: ['chat'], connectTimeoutMs: 1_000 };

export async function exchange(url: string): Promise<string> {
  await using socket = await FrameSocket.connect(url, options);
  await socket.sendFrame('part', { fin: false });
  await socket.sendFrame('end');
  const capabilities: FrameSocketCapabilities = socket.capabilities;
  return capabilities.fragments ? '' : (await socket.readFrame()).text();
}
export const code = (error: FrameSocketError): string => error.code;

// @ts-expect-error A browser adds no headers.
export const wrong: ConnectOptions = { headers: { Cookie: 'a' } };
// @ts-expect-error Only the package for Node has it.
export const missing = FrameSocket.fromUpgrade;

// Types that are missing become `any`, to which everything above would be right.
type IsAny<T> = 0 extends 1 & T ? true : false;
export const hasTypes: [IsAny<typeof FrameSocket>, IsAny<ConnectOptions>] = [false, false];
