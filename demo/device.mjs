// One simulated device. It answers discovery as "Simulated thermometer", sends back what it is sent, and reports a
// made-up temperature to its networks. `npm start` runs it; by itself it takes its settings from the environment:
//
//   WEBIFI_CONNECT_NAME=demo WEBIFI_CONNECT_PASSWORD=... node demo/device.mjs
import { realpathSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { Webifi } from '../dist/index.mjs';

const REPORT_MS = 4_000;
const COLDEST = 18;
const WARMEST = 25;

/** Types that are never sent back: two devices that answer each other would never stop. */
const UNANSWERED = new Set(['echo', 'temperature', 'Discovery', 'Discovery Response']);

/**
 * Starts the device; it connects, and reconnects, by itself.
 *
 * @param options - Options of the client: at least `connectName` and `connectPassword`.
 * @returns The client, and a function that stops it and resolves when its connection is closed.
 */
export function startDevice(options) {
  const device = new Webifi({ networkNames: ['network 1'], ...options, name: 'Simulated thermometer' });
  // A receiver is not told whether a message came to it alone, so whatever arrives is sent back to its sender.
  device.on('message', ({ bytes, dataType, from }) => {
    if (!UNANSWERED.has(dataType)) device.sendData({ data: bytes, dataType: 'echo', toSessionIds: [from] });
  });
  let celsius = 21.4;
  const reports = setInterval(() => {
    celsius = nextTemperature(celsius);
    // A reading that is old when the connection is back helps nobody.
    if (device.connected) device.sendData({ data: celsius.toFixed(1), dataType: 'temperature' });
  }, REPORT_MS);
  device.start();
  const stop = async () => {
    clearInterval(reports);
    await device.close();
  };
  return { device, stop };
}

/** A small step up or down, back towards the middle at the ends. */
function nextTemperature(celsius) {
  const step = (Math.random() - 0.5) * 0.6;
  return Math.min(WARMEST, Math.max(COLDEST, celsius + step));
}

function isProgram() {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
}

function runProgram({ WEBIFI_SERVER, WEBIFI_CONNECT_NAME, WEBIFI_CONNECT_PASSWORD }) {
  if (!WEBIFI_CONNECT_NAME || !WEBIFI_CONNECT_PASSWORD) {
    console.error('Set WEBIFI_CONNECT_NAME and WEBIFI_CONNECT_PASSWORD, and WEBIFI_SERVER unless the relay is here.');
    process.exitCode = 2;
    return;
  }
  const { device, stop } = startDevice({
    connectName: WEBIFI_CONNECT_NAME,
    connectPassword: WEBIFI_CONNECT_PASSWORD,
    ...(WEBIFI_SERVER ? { server: WEBIFI_SERVER } : {}),
  });
  device.on('error', (error) => console.error(error.message));
  device.on('status', ({ from, to }) => {
    if (from !== to) console.log(to);
    if (to !== 'failed') return;
    process.exitCode = 1;
    void stop();
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());
}

if (isProgram()) runProgram(process.env);
