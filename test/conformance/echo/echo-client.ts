import { FrameSocket, type ConnectOptions } from '../../../src/frames';

/** What an external suite needs: wide limits, and every echo on its way before the next frame is looked at. */
export const WIDE: ConnectOptions = {
  maxFrameSize: 33_554_432,
  maxBuffered: 33_554_432,
  maxFragments: 131_072,
  controlFrames: 'onRead',
};

/** Sends every message back as it came, until the server closes or breaks the protocol. */
export async function echoBack(url: string, options: ConnectOptions = WIDE): Promise<FrameSocket> {
  const socket = await FrameSocket.connect(url, options);
  try {
    for await (const message of socket.messages()) {
      await socket.sendFrame(message.messageType === 'Text' ? message.text() : message.payload);
    }
  } catch {
    // How the connection ended is for the server to judge.
  }
  return socket;
}

/**
 * Plays the cases of a suite that is a server: `getCaseCount` tells how many there are, `runCase` plays one, and
 * `updateReports` has the suite write down what it saw.
 */
export async function playSuite(suite: string, agent: string, options = WIDE): Promise<number> {
  const counting = await FrameSocket.connect(new URL('getCaseCount', suite));
  const count = Number((await counting.readFrame()).text());
  await counting.close();
  for (let number = 1; number <= count; number++) {
    const url = new URL('runCase', suite);
    url.search = String(new URLSearchParams({ case: String(number), agent }));
    await (await echoBack(url.href, options)).close();
  }
  const reports = new URL('updateReports', suite);
  reports.search = String(new URLSearchParams({ agent }));
  await (await FrameSocket.connect(reports)).close();
  return count;
}
